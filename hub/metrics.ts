// Prometheus metrics, in a registry of their own. Labels come from closed sets only: nothing that a device reports
// becomes a label, so no device can make the series grow.
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { HEALTH, PRESENCE, SYNC } from '../fleet/model/conditions.ts';
import { SEVERITY } from '../fleet/wire/messages.ts';
import type { EventItem, Summary } from './api/schemas.ts';
import { DROP_CAUSES, type DropCause } from './ingest/parse.ts';

export interface Metrics {
  dropped(cause: DropCause): void;
  received(leaf: 'presence' | 'status' | 'event'): void;
  recorded(events: readonly EventItem[]): void;
  hinted(): void;
  /** Text in the Prometheus exposition format. */
  render(): Promise<{ type: string; body: string }>;
}

export function createMetrics(read: { summary(): Summary; clients(): number | null; streams(): number }): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const messages = new Counter({
    name: 'holdfast_messages_total',
    help: 'Device messages written to the store',
    labelNames: ['leaf'],
    registers,
  });
  const dropped = new Counter({
    name: 'holdfast_messages_dropped_total',
    help: 'Device messages that were dropped',
    labelNames: ['cause'],
    registers,
  });
  for (const cause of DROP_CAUSES) dropped.inc({ cause }, 0);
  const events = new Counter({
    name: 'holdfast_events_total',
    help: 'Events recorded',
    labelNames: ['severity'],
    registers,
  });
  for (const severity of SEVERITY) events.inc({ severity }, 0);
  const hints = new Counter({ name: 'holdfast_hints_total', help: 'Reconcile hints sent to devices', registers });
  fleetGauges(read, register);
  return {
    dropped: (cause) => dropped.inc({ cause }),
    received: (leaf) => messages.inc({ leaf }),
    recorded: (all) => {
      for (const { severity } of all) events.inc({ severity });
    },
    hinted: () => hints.inc(),
    render: async () => ({ type: register.contentType, body: await register.metrics() }),
  };
}

function fleetGauges(read: Parameters<typeof createMetrics>[0], register: Registry): void {
  const registers = [register];
  const gauge = (
    name: string,
    help: string,
    set: (gauge: Gauge, summary: Summary) => void,
    labelNames: string[] = [],
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        set(this, read.summary());
      },
    });
  gauge('holdfast_devices', 'Devices known', (one, { devices }) => one.set(devices));
  const by = <K extends 'presence' | 'sync' | 'health'>(kind: K, values: readonly (keyof Summary[K] & string)[]) =>
    gauge(
      `holdfast_devices_by_${kind}`,
      `Devices by ${kind}`,
      (one, summary) => {
        for (const value of values) one.set({ [kind]: value }, Number(summary[kind][value]));
      },
      [kind],
    );
  by('presence', PRESENCE);
  by('sync', SYNC);
  by('health', HEALTH);
  gauge('holdfast_drift_open', 'Open drift, all devices', (one, { drift }) => one.set(drift.open));
  gauge('holdfast_drift_devices', 'Devices with open drift', (one, { drift }) => one.set(drift.devices));
  gauge('holdfast_stream_clients', 'Open event streams', (one) => one.set(read.streams()));
  gauge('holdfast_broker_clients', 'Clients of the embedded broker', (one) => one.set(read.clients() ?? 0));
}
