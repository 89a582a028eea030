// What the agent tells Prometheus. Labels come from closed sets only: neither Git nor containers can make series grow, and
// no text that they worded leaves the host this way.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { HEALTH, REASONS, SYNC } from '../../fleet/model/conditions.ts';
import type { StatusBody } from '../../fleet/status.ts';
import { SEVERITY } from '../../fleet/wire/messages.ts';
import type { NewEvent } from '../mqtt/reporter.ts';

/** From a look that finds nothing to pulls over a slow line. */
const CYCLE_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900];

export interface CycleNumbers {
  readonly ms: number;
  readonly steps: number;
  readonly failed: boolean;
}

export interface Metrics {
  status(status: StatusBody): void;
  event(event: NewEvent): void;
  cycle(cycle: CycleNumbers): void;
  /** Text in the Prometheus exposition format. */
  render(): Promise<{ readonly type: string; readonly body: string }>;
}

export function createMetrics(given: {
  readonly version: string;
  readonly now: () => Date;
  /** null: it has no broker to be connected to. */
  readonly connected: (() => boolean) | null;
}): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const fleet = statusGauges(register);
  new Gauge({ name: 'holdfast_agent_info', help: 'Always 1', labelNames: ['version'], registers }).set(
    { version: given.version },
    1,
  );
  const { connected } = given;
  if (connected !== null) {
    new Gauge({
      name: 'holdfast_agent_broker_connected',
      help: '1: connected to the MQTT broker',
      registers,
      collect() {
        this.set(connected() ? 1 : 0);
      },
    });
  }
  const events = new Counter({
    name: 'holdfast_agent_events_total',
    help: 'Events reported',
    labelNames: ['severity'],
    registers,
  });
  for (const severity of SEVERITY) events.inc({ severity }, 0);
  const cycles = cycleMetrics(register, given.now);
  return {
    status: fleet,
    event: ({ severity }) => events.inc({ severity }),
    cycle: cycles,
    render: async () => ({ type: register.contentType, body: await register.metrics() }),
  };
}

function cycleMetrics(register: Registry, now: () => Date): Metrics['cycle'] {
  const registers = [register];
  const seconds = new Histogram({
    name: 'holdfast_agent_cycle_seconds',
    help: 'How long cycles took: look, plan, steps, look again',
    buckets: CYCLE_SECONDS,
    registers,
  });
  const failed = new Counter({
    name: 'holdfast_agent_cycles_failed_total',
    help: 'Cycles that left the device away from where Git wants it',
    registers,
  });
  const steps = new Counter({ name: 'holdfast_agent_steps_total', help: 'Steps that were carried out', registers });
  const last = new Gauge({
    name: 'holdfast_agent_last_cycle_timestamp_seconds',
    help: 'When the last cycle ended, Unix time',
    registers,
  });
  return (cycle) => {
    seconds.observe(cycle.ms / 1000);
    steps.inc(cycle.steps);
    if (cycle.failed) failed.inc();
    last.set(now().getTime() / 1000);
  };
}

/** Of each closed set the one that holds is 1, the others are 0. */
function statusGauges(register: Registry): Metrics['status'] {
  const registers = [register];
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `holdfast_agent_${name}`, help, labelNames, registers });
  const ready = gauge('ready', '1: the device runs what Git declares (condition Ready is True)');
  const reason = gauge('ready_reason', 'Why it is ready or not', ['reason']);
  const stalled = gauge('stalled', '1: only a person or a commit ends what is wrong');
  const sync = gauge('sync', 'Synced, OutOfSync or Unknown', ['sync']);
  const health = gauge('health', 'The worst health of all apps', ['health']);
  const apps = gauge('apps', 'Apps by their health', ['health']);
  const quarantined = gauge('apps_quarantined', 'Apps whose declared version failed: their last known good runs');
  const drift = gauge('drift_open', 'Fields that the host moved away from Git');
  const oldest = gauge(
    'drift_oldest_timestamp_seconds',
    'Since when the oldest open drift is there, Unix time; 0: none',
  );
  const changes = gauge('changes_pending', 'Declared changes that are not applied yet');
  return (status) => {
    const found = status.conditions.find(({ type }) => type === 'Ready');
    ready.set(found?.status === 'True' ? 1 : 0);
    stalled.set(status.conditions.some(({ type, status: is }) => type === 'Stalled' && is === 'True') ? 1 : 0);
    for (const one of REASONS) reason.set({ reason: one }, one === found?.reason ? 1 : 0);
    for (const one of SYNC) sync.set({ sync: one }, one === status.sync ? 1 : 0);
    for (const one of HEALTH) {
      health.set({ health: one }, one === status.health ? 1 : 0);
      apps.set({ health: one }, status.apps.filter((app) => app.health === one).length);
    }
    quarantined.set(status.apps.filter((app) => app.quarantined !== undefined).length);
    drift.set(status.drift.length);
    oldest.set(
      status.drift.reduce((least, { since }) => Math.min(least, Date.parse(since) / 1000), Number.POSITIVE_INFINITY),
    );
    if (status.drift.length === 0) oldest.set(0);
    changes.set(status.changes);
  };
}
