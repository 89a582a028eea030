// Drift that comes back each time that it is corrected: something else sets it, and correcting it for ever would cost the
// service its peace and settle nothing. Each such drift is held back for ever longer, by itself: all other drift, and what
// Git changes, is none of it. Pure; times are monotonic milliseconds. Kept in memory alone: a restart begins anew.
import type { Difference } from '../model/plan.ts';
import { formatDuration } from '../units.ts';
import { formatDrift } from './units-shown.ts';

/** Corrections of one drift within the window that are made at once. */
export const CALM_CORRECTIONS = 5;
export const WINDOW_MS = 10 * 60_000;
/** The first pause; each further one is twice as long. */
export const FIRST_HOLD_MS = 30_000;
export const LONGEST_HOLD_MS = 30 * 60_000;
/** Most drifts that are kept count of; beyond it the oldest begin anew. */
const MAX_COUNTED = 1024;

export interface Fight {
  /** The last corrections, oldest first; at most `CALM_CORRECTIONS`. */
  readonly recentMs: readonly number[];
  /** Corrections since it began. */
  readonly count: number;
  readonly beganMs: number;
  /** Pauses so far. */
  readonly holds: number;
  /** Not corrected before; null: at once. */
  readonly heldUntilMs: number | null;
}

/** By `driftKey`. */
export type Fights = ReadonlyMap<string, Fight>;

/** After these drifts were corrected. */
export function noteCorrected(fights: Fights, keys: readonly string[], nowMs: number): Fights {
  if (keys.length === 0) return fights;
  const next = new Map(fights);
  for (const key of keys) {
    const fight = corrected(next.get(key), nowMs);
    next.delete(key); // The newest last.
    next.set(key, fight);
  }
  return new Map([...next].filter(([, fight]) => !isOver(fight, nowMs)).slice(-MAX_COUNTED));
}

/** Git changed these resources: what disturbed them before says nothing of what they are now. */
export function forgetFights(fights: Fights, resources: ReadonlySet<string>): Fights {
  if (fights.size === 0 || resources.size === 0) return fights;
  return new Map([...fights].filter(([key]) => !resources.has(key.slice(0, key.indexOf('|')))));
}

/** Keys of drift that is not corrected now. */
export function heldKeys(fights: Fights, nowMs: number): ReadonlySet<string> {
  return new Set(
    [...fights].flatMap(([key, { heldUntilMs }]) => (heldUntilMs !== null && heldUntilMs > nowMs ? [key] : [])),
  );
}

/** `mem_limit is …, declared is …; corrected 5 times in 2m0s: something else sets it (update at …); next correction in 30s` */
export function formatFight(difference: Difference, fight: Fight, by: string | undefined, nowMs: number): string {
  const span = rounded(nowMs - fight.beganMs);
  const who = by === undefined ? '' : ` (${by})`;
  const next = rounded((fight.heldUntilMs ?? nowMs) - nowMs);
  return `${formatDrift(difference)}; corrected ${fight.count} times in ${span}: something else sets it${who}; next correction in ${next}`;
}

function corrected(before: Fight | undefined, nowMs: number): Fight {
  const known = before === undefined || isOver(before, nowMs) ? undefined : before;
  const recentMs = [...(known?.recentMs ?? []).filter((ms) => nowMs - ms < WINDOW_MS), nowMs].slice(-CALM_CORRECTIONS);
  const counted = { recentMs, count: (known?.count ?? 0) + 1, beganMs: known?.beganMs ?? nowMs };
  const holds = known?.holds ?? 0;
  if (holds === 0 && recentMs.length < CALM_CORRECTIONS) return { ...counted, holds, heldUntilMs: null };
  return { ...counted, holds: holds + 1, heldUntilMs: nowMs + holdMs(holds + 1) };
}

/** Nothing came back for so long that another drift of the same field is another matter. */
function isOver({ recentMs, holds }: Fight, nowMs: number): boolean {
  return nowMs - (recentMs.at(-1) ?? nowMs) > Math.max(WINDOW_MS, 2 * holdMs(holds));
}

function holdMs(holds: number): number {
  return holds === 0 ? 0 : Math.min(LONGEST_HOLD_MS, FIRST_HOLD_MS * 2 ** (holds - 1));
}

function rounded(ms: number): string {
  return formatDuration(Math.max(1, Math.round(ms / 1000)) * 1e9);
}
