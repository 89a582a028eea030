// The fleet in numbers. Pure.
import { HEALTH, PRESENCE, SYNC } from '../../fleet/model/conditions.ts';
import type { DeviceItem, Summary } from '../api/schemas.ts';
import { badness, isWrong } from './worst.ts';

const WORST_MAX = 10;
/** Devices can invent revisions; only the most common ones are named. */
const REVISIONS_MAX = 100;

/** @param now hub clock, milliseconds */
export function summarize(items: readonly DeviceItem[], now: number): Summary {
  const revisions = new Map<string, number>();
  for (const { revision } of items) {
    if (revision.applied !== null) revisions.set(revision.applied, (revisions.get(revision.applied) ?? 0) + 1);
  }
  const drifted = items.filter(({ drift }) => drift > 0);
  return {
    devices: items.length,
    presence: count(
      PRESENCE,
      items.map(({ presence }) => presence),
    ),
    sync: count(
      SYNC,
      items.map(({ sync }) => sync),
    ),
    health: count(
      HEALTH,
      items.map(({ health }) => health),
    ),
    revisions: [...revisions]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, REVISIONS_MAX)
      .map(([revision, devices]) => ({ revision, devices })),
    drift: { devices: drifted.length, open: drifted.reduce((sum, { drift }) => sum + drift, 0) },
    worst: items
      .filter(isWrong)
      .sort((a, b) => badness(a) - badness(b) || b.drift - a.drift || (a.id < b.id ? -1 : 1))
      .slice(0, WORST_MAX),
    now: new Date(now).toISOString(),
  };
}

function count<K extends string>(keys: readonly K[], values: readonly K[]): Record<K, number> {
  const counts = Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
  for (const value of values) counts[value]++;
  return counts;
}
