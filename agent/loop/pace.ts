// How long the loops rest: polls with jitter and backoff; looks that are short while the health gate is open, back off
// after failures, and slow down where something keeps breaking what is repaired. Time comes in as an argument.
import { backoffMs } from '../backoff.ts';

/**
 * While something is waited for, which Engine events and the clock decide: what is watched for beside them. Each look without
 * news doubles the rest that follows.
 */
const WAITING_LOOK_MS = 500;
/** However soon time decides. */
const SHORTEST_LOOK_MS = 50;
/** The longest such rest is 16 s. */
const DOUBLINGS = 5;
/** The first retry after a failure; doubles up to the interval, with full jitter. */
const RETRY_MS = 1000;
const SHORTEST_RETRY_MS = 100;
/** However short the interval, a Git server in trouble is soon asked less often than this. */
const LEAST_CAP_MS = 20_000;
/** Polls spread by this share of the interval, so that a fleet does not poll in step. */
const JITTER = 0.1;
/** Events come in bursts: a wake-up waits this long for the rest. */
const SETTLE_MS = 10;
/**
 * Repairs that may follow each other at once; each further one waits twice as long as the one before. A net: drift that keeps
 * coming back is held back by itself long before (fleet/reconcile/fights.ts).
 */
const CALM_REPAIRS = 40;
const SLOWEST_REPAIR_MS = 60_000;
/** Repairs further apart than this have nothing to do with each other. */
const REPAIR_WINDOW_MS = 3 * SLOWEST_REPAIR_MS;

/** How long until the next poll. `random`: 0 ≤ x < 1. */
export function createPollPace(random: () => number): (failed: boolean, intervalMs: number) => number {
  const retries = createRetries(random);
  return (failed, intervalMs) => {
    if (failed) return retries.next(Math.max(intervalMs, LEAST_CAP_MS));
    retries.reset();
    return jittered(intervalMs, random);
  };
}

export interface Looked {
  /** Steps that were carried out. */
  readonly steps: number;
  /** What was begun is not decided yet: how long until time alone may decide it. null: nothing is waited for. */
  readonly dueInMs: number | null;
  /** Something failed that may work later. */
  readonly retry: boolean;
  /** Steps are under way, which may be those that failed: whether it works now is not known. */
  readonly busy: boolean;
  /** Until drift that is held back is corrected again; null: there is none. */
  readonly heldForMs: number | null;
}

export interface Rest {
  /** Rest this long when nothing happens. */
  readonly waitMs: number;
  /** After an event rest this long, to take further ones in. */
  readonly settleMs: number;
}

/** How long until the next look. `random`: 0 ≤ x < 1. */
export function createLookPace(random: () => number): (looked: Looked, intervalMs: number, nowMs: number) => Rest {
  const retries = createRetries(random);
  let repairs = 0;
  let waits = 0;
  let repairedMs = Number.NEGATIVE_INFINITY;
  return ({ steps, dueInMs, retry, busy, heldForMs }, intervalMs, nowMs) => {
    if (steps > 0) {
      repairs = nowMs - repairedMs < REPAIR_WINDOW_MS ? repairs + 1 : 1;
      repairedMs = nowMs;
    }
    const calm = repairs <= CALM_REPAIRS;
    const settleMs = calm ? SETTLE_MS : Math.min(SLOWEST_REPAIR_MS, 1000 * 2 ** (repairs - CALM_REPAIRS));
    if (!retry && !busy) retries.reset();
    const restMs = retry ? retries.next(intervalMs) : jittered(intervalMs, random);
    waits = dueInMs === null || steps > 0 ? 0 : waits + 1;
    const lookMs = calm ? WAITING_LOOK_MS * 2 ** Math.min(waits, DOUBLINGS) : settleMs;
    const dueMs = Math.max(SHORTEST_LOOK_MS, dueInMs ?? 0);
    const waitMs = dueInMs === null || retry ? restMs : Math.min(lookMs, dueMs, intervalMs);
    return { waitMs: Math.min(waitMs, heldForMs ?? waitMs), settleMs };
  };
}

interface Retries {
  next(mostMs: number): number;
  reset(): void;
}

function createRetries(random: () => number): Retries {
  let failures = 0;
  return {
    next(mostMs) {
      return Math.max(SHORTEST_RETRY_MS, backoffMs({ firstMs: RETRY_MS, capMs: mostMs }, failures++, random()));
    },
    reset() {
      failures = 0;
    },
  };
}

function jittered(intervalMs: number, random: () => number): number {
  return intervalMs * (1 - JITTER + 2 * JITTER * random());
}
