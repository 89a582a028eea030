// Sample messages as an agent sends them. Each call gives a fresh object; `changes` replaces keys.

import type { DriftEntry, EventMessage, PresenceMessage, Status } from '../../fleet/wire/messages.ts';
import type { DeviceItem } from '../../hub/api/schemas.ts';
import { type Board, createBoard } from '../../hub/roster/board.ts';
import type { Entry } from '../../hub/roster/entry.ts';
import { bareItem } from '../../hub/roster/item.ts';
import { rowOf } from '../../hub/store/device-row.ts';

export const START = Date.parse('2026-03-01T12:00:00.000Z');

/** `seconds` after the start, as the wire writes it. */
export function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

export function presence(changes: Partial<PresenceMessage> = {}): PresenceMessage {
  return { schema: 1, device: 'edge-01', instance: 'one', boot: 1, ts: at(0), online: true, ...changes };
}

export function drift(changes: Partial<DriftEntry> = {}): DriftEntry {
  return {
    resource: 'service:kiosk/web',
    kind: 'field',
    field: 'environment.TZ',
    desired: 'Europe/Berlin',
    observed: 'UTC',
    since: at(0),
    ...changes,
  };
}

export function status(changes: Partial<Status> = {}): Status {
  const revision = 'main@sha1:1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d';
  return {
    schema: 1,
    device: 'edge-01',
    instance: 'one',
    boot: 1,
    seq: 1,
    ts: at(1),
    clock_synced: true,
    agent: { version: '0.1.0', uptime_s: 90_000 },
    revision: { desired: revision, applied: revision, last_good: revision, signed_by: null },
    source: { way: 'narrow', verified: false },
    labels: { site: 'berlin' },
    sync: 'Synced',
    health: 'Healthy',
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'everything runs as declared', since: at(0) },
    ],
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
      engine: '27.3',
      cpus: 4,
      mem_bytes: 4 * 2 ** 30,
      mem_used_bytes: 2 ** 30,
      disk_bytes: 32 * 2 ** 30,
      disk_used_bytes: 11 * 2 ** 30,
      load1: 0.1,
    },
    ...changes,
  };
}

export function event(changes: Partial<EventMessage> = {}): EventMessage {
  return {
    schema: 1,
    device: 'edge-01',
    instance: 'one',
    boot: 1,
    seq: 2,
    ts: at(2),
    severity: 'warning',
    reason: 'DriftDetected',
    message: 'environment.TZ was changed on the host',
    revision: null,
    resource: 'service:kiosk/web',
    ...changes,
  };
}

export function item(id: string, changes: Partial<DeviceItem> = {}): DeviceItem {
  const well = { sync: 'Synced', health: 'Healthy', reason: 'Succeeded', message: '', agent_version: '0.1.0' } as const;
  return { ...bareItem('default', id, 'online', at(0)), ...well, ...changes };
}

/** A device as ingest knows it. */
export function entry(one: DeviceItem, changes: Partial<Entry> = {}): Entry {
  const order = { instance: 'one', former: [], boot: 1, seq: 1, ts: at(0), births: { last: 0, before: 0 } };
  const rest = { offlineTs: 0, seenAt: START, clashAt: null, reconciling: false, trouble: null, parts: '' };
  return { item: one, ...order, ...rest, ...changes };
}

export function boardOf(items: readonly DeviceItem[]): Board {
  const board = createBoard();
  for (const one of items) board.put(rowOf(entry(one, { clashAt: one.clash === true ? START : null }), 1));
  return board;
}
