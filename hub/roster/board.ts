// The fleet as this hub knows it, in memory: a copy of the store's rows, small, with the counts of the summary kept as
// rows change. The store is the truth; a row that is not newer than the one held changes nothing, so rows may come
// twice and in any order.
import { HEALTH, PRESENCE, SYNC } from '../../fleet/model/conditions.ts';
import type { DeviceItem, Summary } from '../api/schemas.ts';
import type { ItemRow } from '../store/device-row.ts';
import type { DeviceKey } from './entry.ts';
import { firstOf } from './first.ts';
import { createListing, type Listed, toItem } from './listed.ts';
import { type Selection, selectListed } from './select.ts';
import { FINE } from './worst.ts';

const WORST_MAX = 10;
/** Devices can invent revisions; only the most common ones are named. */
const REVISIONS_MAX = 100;

export interface Board {
  /** null: what is held is as new. */
  put(row: ItemRow): DeviceItem | null;
  size(): number;
  find(fleet: string, id: string): DeviceItem | undefined;
  /** Devices of this id, in whichever fleet. */
  named(id: string): readonly DeviceItem[];
  /** null: the cursor is not one of ours. */
  select(selection: Selection): { items: DeviceItem[]; next: string | null } | null;
  /** @param now hub clock, milliseconds */
  summary(now: number): Summary;
  seenAt(fleet: string, id: string): number | undefined;
  /** Online and silent since before `silentSince`, or in a clash that was last seen before `calmSince`. */
  expired(silentSince: number, calmSince: number): readonly DeviceKey[];
  listed(): Iterable<Listed>;
  held(fleet: string, id: string): Listed | undefined;
}

export function createBoard(): Board {
  // No device ever leaves, so each keeps its place.
  const all: Listed[] = [];
  const places = new Map<string, Map<string, number>>();
  const toListed = createListing();
  const counts = createCounts();
  const wrong = createWrong();

  const held = (fleet: string, id: string) => all[places.get(fleet)?.get(id) ?? -1];
  return {
    put(row) {
      const devices = places.get(row.fleet) ?? new Map<string, number>();
      const place = devices.get(row.device) ?? all.length;
      const before = all[place];
      if (before !== undefined && before.rev >= row.rev) return null;
      const next = toListed(row);
      all[place] = next;
      if (before === undefined) {
        places.set(next.fleet, devices);
        devices.set(next.id, place);
      } else {
        counts.add(before, -1);
        wrong.remove(before);
      }
      counts.add(next, 1);
      wrong.add(next);
      return toItem(next);
    },
    size: () => all.length,
    find(fleet, id) {
      const one = held(fleet, id);
      return one === undefined ? undefined : toItem(one);
    },
    named: (id) =>
      [...places.keys()].flatMap((fleet) => {
        const one = held(fleet, id);
        return one === undefined ? [] : [toItem(one)];
      }),
    select: (selection) => selectListed(all, selection),
    summary: (now) => ({
      ...counts.summary(),
      devices: all.length,
      worst: wrong.first(WORST_MAX).map(toItem),
      now: new Date(now).toISOString(),
    }),
    seenAt: (fleet, id) => held(fleet, id)?.seenAt,
    expired: (silentSince, calmSince) =>
      all
        .filter(
          ({ presence, seenAt, clashAt }) =>
            (presence === 'online' && seenAt < silentSince) || (clashAt !== null && clashAt < calmSince),
        )
        .map(({ fleet, id }) => ({ fleet, device: id })),
    listed: () => all,
    held,
  };
}

/** Devices with which something is wrong, by how bad it is: the worst are found without a look at the others. */
function createWrong() {
  const byBadness: Set<Listed>[] = Array.from({ length: FINE }, () => new Set());
  const order = (a: Listed, b: Listed) => b.drift - a.drift || (a.id < b.id ? -1 : 1);
  return {
    add: (one: Listed) => void byBadness[one.worst]?.add(one),
    remove: (one: Listed) => void byBadness[one.worst]?.delete(one),
    first(limit: number): readonly Listed[] {
      const first: Listed[] = [];
      for (const devices of byBadness) {
        if (first.length >= limit) break;
        first.push(...firstOf(devices, limit - first.length, order));
      }
      return first;
    },
  };
}

function createCounts() {
  const zero = <K extends string>(words: readonly K[]) =>
    Object.fromEntries(words.map((word) => [word, 0])) as Record<K, number>;
  const presence = zero(PRESENCE);
  const sync = zero(SYNC);
  const health = zero(HEALTH);
  const drift = { devices: 0, open: 0 };
  const revisions = new Map<string, number>();
  return {
    add(one: Listed, n: 1 | -1): void {
      presence[one.presence] += n;
      sync[one.sync] += n;
      health[one.health] += n;
      if (one.drift > 0) drift.devices += n;
      drift.open += n * one.drift;
      const { applied } = one.revision;
      if (applied === null) return;
      const left = (revisions.get(applied) ?? 0) + n;
      if (left === 0) revisions.delete(applied);
      else revisions.set(applied, left);
    },
    summary: () => ({
      presence: { ...presence },
      sync: { ...sync },
      health: { ...health },
      drift: { ...drift },
      revisions: firstOf(revisions, REVISIONS_MAX, (a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(
        ([revision, devices]) => ({ revision, devices }),
      ),
    }),
  };
}
