// What time alone does to a device: silence makes it stale, a sign of life ends that, quiet ends a clash. Pure.
import type { RosterEntry } from '../roster/entry.ts';
import type { Effect } from './effects.ts';
import { hubEvent } from './hub-event.ts';

/** A clash is over when the instances did not alternate for this long. */
export const CLASH_QUIET_MS = 10 * 60_000;

/**
 * null: nothing changes.
 * @param since from when somebody listened: silence before that is not held against a device
 */
export function expire(
  known: RosterEntry,
  now: number,
  staleAfterMs: number,
  since: number,
): { next: RosterEntry; effects: readonly Effect[] } | null {
  const { entry } = known;
  const stale = entry.item.presence === 'online' && now - Math.max(entry.seenAt, since) > staleAfterMs;
  const calm = entry.clashAt !== null && now - entry.clashAt > CLASH_QUIET_MS;
  if (!stale && !calm) return null;
  const item = {
    ...entry.item,
    presence: stale ? ('stale' as const) : entry.item.presence,
    clash: entry.clashAt !== null && !calm,
  };
  return {
    next: { ...known, entry: { ...entry, item, clashAt: calm ? null : entry.clashAt } },
    effects: stale ? [hubEvent(item.fleet, item.id, 'Stale', now)] : [],
  };
}

/** A sign of life without a message. It revives a stale device; an offline one has to be born. null: nothing changes. */
export function alive(known: RosterEntry, now: number): { next: RosterEntry; effects: readonly Effect[] } | null {
  const { item } = known.entry;
  if (item.presence === 'offline') return null;
  const seen = { ...item, presence: 'online' as const, last_seen: new Date(now).toISOString() };
  const next = { ...known, entry: { ...known.entry, item: seen, seenAt: now } };
  return { next, effects: item.presence === 'stale' ? [hubEvent(item.fleet, item.id, 'Online', now)] : [] };
}
