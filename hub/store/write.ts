// Writes a batch: a handful of statements, whatever its size. Values are always bound, never spliced into SQL.
import { type Kysely, sql } from 'kysely';
import type { EventItem } from '../api/schemas.ts';
import type { DeviceKey, Entry } from '../roster/entry.ts';
import { changedParts } from '../roster/parts.ts';
import type { Taken } from './batch.ts';
import type { Engine } from './database.ts';
import { DEVICE_COLUMNS, type ItemRow, rowOf } from './device-row.ts';
import { insertRows } from './dialect.ts';
import { writeDrift } from './drift-write.ts';
import { type EventRow, gather } from './gather.ts';
import { writeParts } from './parts.ts';
import { writeRollouts } from './rollouts.ts';
import type { Committed, DeviceChange } from './store.ts';
import type { Tables } from './tables.ts';

/** A transaction, and what it stands on. */
export interface Writing {
  readonly db: Kysely<Tables>;
  readonly engine: Engine;
}

export async function writeChanges(
  on: Writing,
  known: ReadonlyMap<string, Taken>,
  changes: readonly DeviceChange[],
  now: number,
): Promise<Committed> {
  const gathered = gather(changes);
  const devices = await writeDevices(on, gathered.entries, known);
  await writeStatuses(on, [...gathered.statuses.values()]);
  const changed = [...gathered.statuses].flatMap(([key, one]) => {
    const entry = gathered.entries.get(key);
    return entry === undefined ? [] : [{ ...one, changes: changedParts(known.get(key)?.entry, entry) }];
  });
  await writeParts(on, changed);
  for (const wave of gathered.waves) await writeDrift(on, wave, now);
  await insertRows(
    on,
    'troubles',
    TROUBLE_COLUMNS,
    gathered.troubles.map((trouble) => ({ ...trouble, closed: now })),
  );
  await writeRollouts(on, gathered, now);
  const events = await writeEvents(on, gathered.events, now);
  return { devices, events };
}

const NEWER = sql.join(
  [...Object.keys(DEVICE_COLUMNS), 'tx']
    .filter((name) => name !== 'fleet' && name !== 'device')
    .map((name) => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`),
);

async function writeDevices(
  on: Writing,
  entries: ReadonlyMap<string, Entry>,
  known: ReadonlyMap<string, Taken>,
): Promise<readonly ItemRow[]> {
  const rows = Array.from(entries, ([key, entry]) => rowOf(entry, (known.get(key)?.rev ?? 0) + 1));
  await insertRows(on, 'devices', DEVICE_COLUMNS, rows, sql`on conflict (fleet, device) do update set ${NEWER}`);
  return rows;
}

const STATUS_COLUMNS = { fleet: 'text', device: 'text', status: 'text' } as const;

async function writeStatuses(on: Writing, statuses: readonly (DeviceKey & { readonly status: object })[]) {
  const rows = statuses.map(({ status, ...key }) => ({ ...key, status: JSON.stringify(status) }));
  const newer = sql`on conflict (fleet, device) do update set status = excluded.status`;
  await insertRows(on, 'statuses', STATUS_COLUMNS, rows, newer);
}

const EVENT_COLUMNS = {
  fleet: 'text',
  device: 'text',
  origin: 'text',
  ts: 'text',
  received: 'bigint',
  severity: 'text',
  reason: 'text',
  message: 'text',
  revision: 'text',
  resource: 'text',
} as const;

async function writeEvents(on: Writing, events: readonly EventRow[], now: number): Promise<readonly EventItem[]> {
  const rows = events.map((event) => ({ ...event, received: now }));
  const once = sql<Omit<EventItem, 'received'>>`on conflict (fleet, device, origin) do nothing
    returning id, fleet, device, ts, severity, reason, message, revision, resource`;
  const written = await insertRows(on, 'events', EVENT_COLUMNS, rows, once);
  const received = new Date(now).toISOString();
  return written.map((row) => ({ ...row, received })).sort((a, b) => a.id - b.id);
}

const TROUBLE_COLUMNS = {
  fleet: 'text',
  device: 'text',
  revision: 'text',
  reason: 'text',
  opened: 'bigint',
  closed: 'bigint',
} as const;
