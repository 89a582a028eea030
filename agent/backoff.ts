// How long to wait before the next attempt: exponential with full jitter, so that a fleet that lost its broker or its
// Git server does not come back as one wave. Pure.

export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
}

/** Milliseconds; `failures` counts from 0, `random` is in [0, 1). */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  return Math.round(random * Math.min(backoff.capMs, backoff.firstMs * 2 ** Math.min(failures, 30)));
}
