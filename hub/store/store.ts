// The hub's memory: devices, drift intervals, events. All SQL is below this folder. A commit is one transaction:
// all of a batch is on disk, or nothing of it.
import { Kysely } from 'kysely';
import type { Status } from '../../fleet/wire/messages.ts';
import type { DriftItem, EventItem } from '../api/schemas.ts';
import type { Effect } from '../ingest/effects.ts';
import type { Entry, RosterEntry } from '../roster/entry.ts';
import { commitBatch } from './commit.ts';
import { loadRoster, readDrift, readEvents, readRecent, readStatus } from './read.ts';
import { migrate, type Tables } from './schema.ts';
import { sqliteDialect } from './sqlite.ts';

/** One device after a batch, and what to write with it. `entry` null: only the effects. */
export interface DeviceChange {
  readonly fleet: string;
  readonly device: string;
  readonly entry: Entry | null;
  readonly effects: readonly Effect[];
}

export interface EventQuery {
  readonly device?: string | undefined;
  readonly fleet?: string | undefined;
  readonly severity?: EventItem['severity'] | undefined;
  /** Hub clock, milliseconds. */
  readonly since?: number | undefined;
  /** Only events older than this id. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface Store {
  load(): Promise<ReadonlyMap<string, RosterEntry>>;
  /** The events that were new, with their ids, in order. Rejects when nothing was written. */
  commit(changes: readonly DeviceChange[], now: number): Promise<readonly EventItem[]>;
  status(fleet: string, device: string): Promise<Status | null>;
  /** Open drift, oldest first. */
  openDrift(limit: number): Promise<readonly DriftItem[]>;
  /** Newest first. */
  events(query: EventQuery): Promise<readonly EventItem[]>;
  recentEvents(fleet: string, device: string, limit: number): Promise<readonly EventItem[]>;
  /** Drops what is older than `before` (hub clock, milliseconds) or beyond the newest `events`. */
  prune(limits: { before: number; events: number }): Promise<void>;
  close(): Promise<void>;
}

export async function openStore(path: string): Promise<Store> {
  const db = new Kysely<Tables>({ dialect: sqliteDialect(path) });
  await migrate(db);
  return {
    load: () => loadRoster(db),
    commit: (changes, now) => commitBatch(db, changes, now),
    status: (fleet, device) => readStatus(db, fleet, device),
    openDrift: (limit) => readDrift(db, limit),
    events: (query) => readEvents(db, query),
    recentEvents: (fleet, device, limit) => readRecent(db, fleet, device, limit),
    prune: (limits) => prune(db, limits),
    close: () => db.destroy(),
  };
}

async function prune(db: Kysely<Tables>, limits: { before: number; events: number }): Promise<void> {
  await db.deleteFrom('events').where('received', '<', limits.before).execute();
  await db
    .deleteFrom('events')
    .where('id', '<=', (query) =>
      query.selectFrom('events').select('id').orderBy('id', 'desc').limit(1).offset(limits.events),
    )
    .execute();
  await db.deleteFrom('drift').where('closed', 'is not', null).where('closed', '<', limits.before).execute();
}
