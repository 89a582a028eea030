// One device as ingest judges it: what lists show, and what ordering and clash detection need. It lives in the store;
// nothing here is kept in memory between two batches. The whole last status and the history are beside it.
import type { DeviceItem } from '../api/schemas.ts';

/** Instances that were replaced, newest first; enough to see two (or a few) that alternate. */
export const FORMER_INSTANCES = 4;

export interface Entry {
  readonly item: DeviceItem;
  /** Who speaks for the device now. */
  readonly instance: string;
  readonly former: readonly string[];
  /** The last accepted status: within an instance only a higher one counts. `seq` -1: none yet. */
  readonly boot: number;
  readonly seq: number;
  /** Newest timestamp (device clock, ISO 8601) of an accepted message of this instance. */
  readonly ts: string;
  /** Device-clock milliseconds of the last two births; a will older than the birth before the last is a late one. */
  readonly births: { readonly last: number; readonly before: number };
  /** Device-clock milliseconds of the last accepted offline message. */
  readonly offlineTs: number;
  /** Hub clock, milliseconds. */
  readonly seenAt: number;
  /** Hub clock of the last alternation of instances; null: no clash. */
  readonly clashAt: number | null;
  /** Being led to the desired state right now. */
  readonly reconciling: boolean;
  /** What keeps the device from being well. */
  readonly trouble: Trouble | null;
  /** Digests of the services that were last written; empty: labels, apps and services were not. */
  readonly parts: string;
}

export interface Trouble {
  readonly reason: string;
  /** Which revision was desired. */
  readonly revision: string | null;
  /** Hub clock, milliseconds. */
  readonly since: number;
}

/** Open drift of one device: key → its content, so that a change is seen. */
export type OpenDrift = ReadonlyMap<string, string>;

export interface RosterEntry {
  readonly entry: Entry;
  readonly open: OpenDrift;
}

export interface DeviceKey {
  readonly fleet: string;
  readonly device: string;
}

/** Ids hold no slash, so this is unambiguous. */
export function rosterKey(fleet: string, device: string): string {
  return `${fleet}/${device}`;
}
