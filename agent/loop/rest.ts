// The rest between two cycles: until something happens or the time is up. While steps are under way it is said now and then how
// far they are, by the one loop that tells the status.
import type { Trigger } from './trigger.ts';

/** Between two reports. */
const PROGRESS_MS = 10_000;

export interface RestFor {
  readonly waitMs: number;
  /** After an event. */
  readonly settleMs: number;
  /** Steps are under way. */
  readonly busy: boolean;
}

export async function restFor(
  wake: Pick<Trigger, 'wait'>,
  { waitMs, settleMs, busy }: RestFor,
  tellProgress: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const mostMs = busy ? PROGRESS_MS : waitMs;
  for (let leftMs = waitMs; ; leftMs -= mostMs) {
    const woken = await wake.wait(Math.min(leftMs, mostMs), settleMs, signal);
    if (woken || signal.aborted || leftMs <= mostMs) return;
    await tellProgress();
  }
}
