// Prometheus metrics, in a registry of their own. Labels come from closed sets only: nothing that a device reports
// becomes a label, so no device can make the series grow.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { HEALTH, PRESENCE, SYNC } from '../fleet/model/conditions.ts';
import { VERSION } from '../fleet/version.ts';
import { SEVERITY } from '../fleet/wire/messages.ts';
import { RECEIVER_KINDS } from './alerts/receivers.ts';
import type { EventItem, Summary } from './api/schemas.ts';
import { DROP_CAUSES, type DropCause } from './ingest/parse.ts';

export interface Metrics {
  dropped(cause: DropCause): void;
  received(leaf: 'presence' | 'status' | 'event'): void;
  recorded(events: readonly EventItem[]): void;
  hinted(): void;
  /** A message to a receiver of alerts. `kind`: one of `RECEIVER_KINDS`. */
  notified(kind: string, taken: boolean): void;
  /** `route`: a pattern of the route table, never a path that somebody asked for. */
  answered(request: { readonly route: string; readonly status: number; readonly ms: number }): void;
  /** Text in the Prometheus exposition format. */
  render(): Promise<{ type: string; body: string }>;
}

export interface MetricsRead {
  summary(): Summary;
  /** Connected to the broker? */
  ready(): boolean;
  clients(): number | null;
  streams(): number;
}

const ANSWER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5];

export function createMetrics(read: MetricsRead): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const messages = counter('holdfast_messages_total', 'Device messages written to the store', ['leaf']);
  for (const leaf of ['presence', 'status', 'event']) messages.inc({ leaf }, 0);
  const dropped = counter('holdfast_messages_dropped_total', 'Device messages that were dropped', ['cause']);
  for (const cause of DROP_CAUSES) dropped.inc({ cause }, 0);
  const events = counter('holdfast_events_total', 'Events recorded', ['severity']);
  for (const severity of SEVERITY) events.inc({ severity }, 0);
  const hints = counter('holdfast_hints_total', 'Reconcile hints sent to devices');
  const notified = counter('holdfast_notifications_total', 'Messages to receivers of alerts', ['kind', 'outcome']);
  for (const kind of RECEIVER_KINDS) for (const outcome of ['taken', 'failed']) notified.inc({ kind, outcome }, 0);
  const answers = new Histogram({
    name: 'holdfast_http_request_seconds',
    help: 'How long HTTP answers took',
    labelNames: ['route', 'code'],
    buckets: ANSWER_SECONDS,
    registers,
  });
  const look = gauges(read, register);
  return {
    dropped: (cause) => dropped.inc({ cause }),
    received: (leaf) => messages.inc({ leaf }),
    recorded: (all) => {
      for (const { severity } of all) events.inc({ severity });
    },
    hinted: () => hints.inc(),
    notified: (kind, taken) => notified.inc({ kind, outcome: taken ? 'taken' : 'failed' }),
    answered: ({ route, status, ms }) => answers.observe({ route, code: `${Math.floor(status / 100)}xx` }, ms / 1000),
    async render() {
      look();
      return { type: register.contentType, body: await register.metrics() };
    },
  };
}

/** @returns looks at the fleet once, for all of them: a summary of a large one is no small work */
function gauges(read: MetricsRead, register: Registry): () => void {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [register] });
  gauge('holdfast_hub_info', 'Always 1', ['version']).set({ version: VERSION }, 1);
  const ready = gauge('holdfast_hub_ready', '1: connected to the broker');
  const devices = gauge('holdfast_devices', 'Devices known');
  const presence = gauge('holdfast_devices_by_presence', 'Devices by presence', ['presence']);
  const sync = gauge('holdfast_devices_by_sync', 'Devices by sync', ['sync']);
  const health = gauge('holdfast_devices_by_health', 'Devices by health', ['health']);
  const open = gauge('holdfast_drift_open', 'Open drift, all devices');
  const drifted = gauge('holdfast_drift_devices', 'Devices with open drift');
  const streams = gauge('holdfast_stream_clients', 'Open event streams');
  const clients = gauge('holdfast_broker_clients', 'Clients of the embedded broker');
  return () => {
    const summary = read.summary();
    ready.set(read.ready() ? 1 : 0);
    devices.set(summary.devices);
    for (const one of PRESENCE) presence.set({ presence: one }, summary.presence[one]);
    for (const one of SYNC) sync.set({ sync: one }, summary.sync[one]);
    for (const one of HEALTH) health.set({ health: one }, summary.health[one]);
    open.set(summary.drift.open);
    drifted.set(summary.drift.devices);
    streams.set(read.streams());
    clients.set(read.clients() ?? 0);
  };
}
