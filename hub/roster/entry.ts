// One device as the hub holds it in memory: what lists show, and what ordering and clash detection need.
// The whole last status and the history live in the store only.
import { z } from 'zod';
import { deviceItemSchema } from '../api/schemas.ts';

/** Instances that were replaced, newest first; enough to see two (or a few) that alternate. */
export const FORMER_INSTANCES = 4;

export const entrySchema = z.object({
  item: deviceItemSchema,
  /** Who speaks for the device now. */
  instance: z.string(),
  former: z.array(z.string()).max(FORMER_INSTANCES),
  /** The last accepted status: within an instance only a higher one counts. `seq` -1: none yet. */
  boot: z.number().int(),
  seq: z.number().int(),
  /** Newest timestamp (device clock, ISO 8601) of an accepted message of this instance. */
  ts: z.string(),
  /** Device-clock milliseconds of the last two births; a will older than the birth before the last is a late one. */
  births: z.object({ last: z.number(), before: z.number() }),
  /** Device-clock milliseconds of the last accepted offline message. */
  offlineTs: z.number(),
  /** Hub clock, milliseconds. */
  seenAt: z.number(),
  /** Hub clock of the last alternation of instances; null: no clash. */
  clashAt: z.number().nullable(),
});

export type Entry = z.infer<typeof entrySchema>;

/** Open drift of one device: key → its content, so that a change is seen. */
export type OpenDrift = ReadonlyMap<string, string>;

export interface RosterEntry {
  readonly entry: Entry;
  readonly open: OpenDrift;
}

/** Ids hold no slash, so this is unambiguous. */
export function rosterKey(fleet: string, device: string): string {
  return `${fleet}/${device}`;
}
