// The hub's memory: devices, drift intervals, events, history. All SQL is below this folder. Ingest writes through
// `update`: rows are read under lock, judged, and written in one transaction, so that two hubs that write at once get
// the same order as one.
import type { Status } from '../../fleet/wire/messages.ts';
import type { Cause, DriftGroup, DriftPage, EventItem, History, Rollout } from '../api/schemas.ts';
import type { Effect } from '../ingest/effects.ts';
import type { DeviceKey, Entry, RosterEntry } from '../roster/entry.ts';
import type { FleetSample } from '../roster/fleet-sample.ts';
import { updateBatch } from './batch.ts';
import { readCauses } from './causes.ts';
import { type Database, openDatabase, type StoreAddress } from './database.ts';
import type { ItemRow } from './device-row.ts';
import { readDriftPage } from './drift-groups.ts';
import { addSamples, type HistoryQuery, readHistory, readRollouts } from './history.ts';
import { dropLease, type LeaseRequest, takeLease } from './leases.ts';
import { prune, type Retention } from './prune.ts';
import { readEvents, readStatus } from './read.ts';
import { addRejects, type RejectRow, readRejects } from './rejects.ts';

/** One device after a message, and what to write with it. `entry` null: only the effects. */
export interface DeviceChange {
  readonly fleet: string;
  readonly device: string;
  readonly entry: Entry | null;
  readonly effects: readonly Effect[];
}

/** What a commit made visible. */
export interface Committed {
  readonly devices: readonly ItemRow[];
  /** Those that were new, with their ids, in order. */
  readonly events: readonly EventItem[];
}

/**
 * Given what is known of the devices, what to write. Called again when two hubs got in each other's way, so it may
 * depend on nothing else and change nothing.
 */
export type Decide = (known: ReadonlyMap<string, RosterEntry>) => readonly DeviceChange[];

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
  readonly database: Database;
  /** One transaction. Rejects when nothing was written. */
  update(keys: readonly DeviceKey[], decide: Decide, now: number): Promise<Committed>;
  status(fleet: string, device: string): Promise<Status | null>;
  /** Open drift, oldest first, or in groups. */
  drift(by: DriftGroup | undefined, limit: number): Promise<DriftPage>;
  /** What is wrong, one line for each cause. `now`: hub clock, milliseconds. */
  causes(now: number, limit: number): Promise<readonly Cause[]>;
  addSamples(samples: readonly FleetSample[], now: number): Promise<void>;
  history(query: HistoryQuery): Promise<History>;
  rollouts(query: { readonly fleet?: string | undefined; readonly limit: number }): Promise<readonly Rollout[]>;
  /** Newest first. */
  events(query: EventQuery): Promise<readonly EventItem[]>;
  /** Adds to the counts of messages that were not taken. */
  addRejects(rejects: readonly RejectRow[]): Promise<void>;
  /** The last ones first. */
  rejects(limit: number): ReturnType<typeof readRejects>;
  /** true: this holder has the lease now. */
  takeLease(request: LeaseRequest): Promise<boolean>;
  dropLease(request: Pick<LeaseRequest, 'name' | 'holder'>): Promise<void>;
  /** Drops what is too old or too much. */
  prune(retention: Retention): Promise<void>;
  close(): Promise<void>;
}

/** @throws HoldfastError StateUnavailable when it cannot be opened */
export async function openStore(address: StoreAddress): Promise<Store> {
  return storeOn(await openDatabase(address));
}

export function storeOn(database: Database): Store {
  const { db, reader } = database;
  return {
    database,
    update: (keys, decide, now) => updateBatch(database, keys, decide, now),
    status: (fleet, device) => readStatus(reader, fleet, device),
    drift: (by, limit) => readDriftPage(reader, by, limit),
    causes: (now, limit) => readCauses(reader, now, limit),
    addSamples: (samples, now) => addSamples(database, samples, now),
    history: (query) => readHistory(reader, query),
    rollouts: (query) => readRollouts(reader, query),
    events: (query) => readEvents(reader, query),
    addRejects: (rejects) => addRejects(db, database.engine, rejects),
    rejects: (limit) => readRejects(reader, limit),
    takeLease: (request) => takeLease(db, database.engine, request),
    dropLease: (request) => dropLease(db, request),
    prune: (retention) => prune(db, retention),
    close: () => database.close(),
  };
}
