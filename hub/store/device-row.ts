// A device between its row and its entry. Rows are this program's own, yet a file can be older or damaged: what does
// not read becomes what is known of a device that never reported, and its next status writes it anew.
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { HEALTH, PRESENCE, SYNC } from '../../fleet/model/conditions.ts';
import { type DeviceItem, deviceItemSchema } from '../api/schemas.ts';
import { type Entry, FORMER_INSTANCES } from '../roster/entry.ts';
import type { Columns } from './dialect.ts';
import type { DevicesTable } from './tables.ts';

export type DeviceRow = Selectable<DevicesTable>;

/** What is written; `tx` the store knows by itself. */
export type WrittenDevice = Omit<DeviceRow, 'tx'>;

export const DEVICE_COLUMNS: Columns<WrittenDevice> = {
  fleet: 'text',
  device: 'text',
  rev: 'bigint',
  presence: 'text',
  last_seen: 'bigint',
  seen_at: 'bigint',
  sync: 'text',
  health: 'text',
  reason: 'text',
  message: 'text',
  drift: 'bigint',
  changes: 'bigint',
  reconciling: 'bigint',
  desired: 'text',
  applied: 'text',
  last_good: 'text',
  signed_by: 'text',
  agent_version: 'text',
  labels: 'text',
  apps: 'text',
  instance: 'text',
  former: 'text',
  boot: 'bigint',
  seq: 'bigint',
  ts: 'text',
  birth_last: 'bigint',
  birth_before: 'bigint',
  offline_ts: 'bigint',
  clash_at: 'bigint',
  trouble: 'text',
  trouble_revision: 'text',
  trouble_since: 'bigint',
  parts: 'text',
};

/** @param rev one more than that of the row it replaces */
export function rowOf(entry: Entry, rev: number): WrittenDevice {
  const { item, births, trouble } = entry;
  return {
    fleet: item.fleet,
    device: item.id,
    rev,
    presence: item.presence,
    last_seen: Date.parse(item.last_seen),
    seen_at: entry.seenAt,
    sync: item.sync,
    health: item.health,
    reason: item.reason,
    message: item.message,
    drift: item.drift,
    changes: item.changes,
    reconciling: entry.reconciling ? 1 : 0,
    ...item.revision,
    agent_version: item.agent_version,
    labels: JSON.stringify(item.labels),
    apps: JSON.stringify(item.apps),
    instance: entry.instance,
    former: JSON.stringify(entry.former),
    boot: entry.boot,
    seq: entry.seq,
    ts: entry.ts,
    birth_last: births.last,
    birth_before: births.before,
    offline_ts: entry.offlineTs,
    clash_at: entry.clashAt,
    trouble: trouble?.reason ?? null,
    trouble_revision: trouble?.revision ?? null,
    trouble_since: trouble?.since ?? null,
    parts: entry.parts,
  };
}

/** Texts whose meaning is remembered. */
const READ_MAX = 5_000;

const labelsSchema = deviceItemSchema.shape.labels.catch({});
const appsSchema = deviceItemSchema.shape.apps.catch([]);
const formerSchema = z.array(z.string()).max(FORMER_INSTANCES).catch([]);

export const labelsOf = reader(labelsSchema);
export const appsOf = reader(appsSchema);
const formerOf = reader(formerSchema);

/** Many devices have the same labels and apps: what was read a moment ago is not read again, and is not to be changed. */
function reader<T>(schema: z.ZodType<T>): (text: string) => T {
  const read = new Map<string, T>();
  return (text) => {
    const known = read.get(text);
    if (known !== undefined) return known;
    if (read.size >= READ_MAX) read.clear();
    const value = schema.parse(parse(text));
    read.set(text, value);
    return value;
  };
}

/** The three words of a row, each the one instance that the program has of it. */
export function wordsOf(row: Pick<ItemRow, 'presence' | 'sync' | 'health'>) {
  return {
    presence: PRESENCE.find((word) => word === row.presence) ?? 'offline',
    sync: SYNC.find((word) => word === row.sync) ?? 'Unknown',
    health: HEALTH.find((word) => word === row.health) ?? 'Unknown',
  };
}

export function entryOf(row: DeviceRow): Entry {
  const { trouble } = row;
  return {
    item: itemOf(row),
    instance: row.instance,
    former: formerOf(row.former),
    boot: row.boot,
    seq: row.seq,
    ts: row.ts,
    births: { last: row.birth_last, before: row.birth_before },
    offlineTs: row.offline_ts,
    seenAt: row.seen_at,
    clashAt: row.clash_at,
    reconciling: row.reconciling === 1,
    trouble:
      trouble === null
        ? null
        : { reason: trouble, revision: row.trouble_revision, since: row.trouble_since ?? row.seen_at },
    parts: row.parts,
  };
}

/** The columns that a list shows. */
export type ItemRow = Pick<DeviceRow, (typeof ITEM_COLUMNS)[number]>;
export const ITEM_COLUMNS = [
  ...(['fleet', 'device', 'rev', 'presence', 'last_seen', 'seen_at', 'sync', 'health', 'reason'] as const),
  ...(['message', 'drift', 'changes', 'desired', 'applied', 'last_good', 'signed_by', 'agent_version'] as const),
  ...(['labels', 'apps', 'clash_at'] as const),
] as const;

export function itemOf(row: ItemRow): DeviceItem {
  const { desired, applied, last_good, signed_by } = row;
  return {
    fleet: row.fleet,
    id: row.device,
    ...wordsOf(row),
    last_seen: new Date(row.last_seen).toISOString(),
    reason: row.reason,
    message: row.message,
    revision: { desired, applied, last_good, signed_by },
    labels: labelsOf(row.labels),
    apps: appsOf(row.apps),
    drift: row.drift,
    changes: row.changes,
    agent_version: row.agent_version,
    clash: row.clash_at !== null,
  };
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A damaged row: the schema that reads it next refuses null.
    return null;
  }
}
