// A full, valid status and event for the MQTT tests, and a store that keeps its outbox in memory.
import type { NewEvent, NewStatus } from '../../../agent/mqtt/reporter.ts';
import { OUTBOX_CAP, type OutboxMessage, type Store } from '../../../agent/store/store.ts';
import type { Status } from '../../../fleet/wire/messages.ts';

const SINCE = '2026-01-01T00:00:00.000Z';

export const STATUS: NewStatus = {
  clock_synced: true,
  agent: { version: '0.1.0', uptime_s: 12 },
  revision: { desired: 'main@sha1:a', applied: 'main@sha1:a', last_good: 'main@sha1:a', signed_by: null },
  labels: { site: 'berlin' },
  sync: 'Synced',
  health: 'Healthy',
  conditions: [{ type: 'Ready', status: 'True', reason: 'Succeeded', message: 'in sync', since: SINCE }],
  apps: [
    {
      name: 'kiosk',
      sync: 'Synced',
      health: 'Healthy',
      services: [{ name: 'web', health: 'Healthy', image: 'nginx:1.27', digest: null, restarts: 0 }],
    },
  ],
  drift: [],
  changes: 0,
  host: {
    os: 'Debian 12',
    arch: 'arm64',
    engine: '27.0',
    cpus: 4,
    mem_bytes: 1000,
    mem_used_bytes: 10,
    disk_bytes: 1000,
    disk_used_bytes: 10,
    load1: 0.1,
  },
};

export const FULL: Status = {
  schema: 1,
  device: 'edge-01',
  instance: 'i',
  boot: 1,
  seq: 1,
  ts: SINCE,
  ...STATUS,
};

export function event(message: string): NewEvent {
  return { severity: 'info', reason: 'Succeeded', message, revision: null, resource: null };
}

export type Outbox = Pick<Store, 'pushOutbox' | 'peekOutbox' | 'ackOutbox' | 'droppedFromOutbox'>;

export function memoryOutbox(): Outbox & { readonly messages: OutboxMessage[] } {
  const messages: OutboxMessage[] = [];
  let id = 0;
  let dropped = 0;
  return {
    messages,
    pushOutbox(topic, payload) {
      messages.push({ id: ++id, topic, payload });
      if (messages.length > OUTBOX_CAP) dropped += messages.splice(0, messages.length - OUTBOX_CAP).length;
    },
    peekOutbox: (limit) => messages.slice(0, limit),
    ackOutbox(acked) {
      const at = messages.findIndex((message) => message.id === acked);
      if (at >= 0) messages.splice(at, 1);
    },
    droppedFromOutbox: () => dropped,
  };
}
