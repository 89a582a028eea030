// Wakes a loop before its time: by an Engine event, a hint, a new revision. Whatever comes in a burst is one wake-up,
// a moment after the first; what comes between two waits is not lost.

export interface Trigger {
  fire(): void;
  /** Ends after `timeoutMs`, or `settleMs` after `fire` (then true), or when the signal aborts. Never rejects. */
  wait(timeoutMs: number, settleMs: number, signal: AbortSignal): Promise<boolean>;
}

/** What `setTimeout` can hold; a longer rest just ends early. */
const LONGEST_MS = 2 ** 31 - 1;

export function createTrigger(): Trigger {
  let pending = false;
  let wake: (() => void) | null = null;
  return {
    fire() {
      pending = true;
      wake?.();
    },
    async wait(timeoutMs, settleMs, signal) {
      if (!pending) {
        await sleep(timeoutMs, signal, (early) => {
          wake = early;
        });
        wake = null;
      }
      const fired = pending;
      if (fired) await sleep(settleMs, signal);
      pending = false;
      return fired;
    },
  };
}

/** Ends early when `onStart`'s function is called or the signal aborts. */
function sleep(ms: number, signal: AbortSignal, onStart?: (early: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(LONGEST_MS, Math.max(0, ms)));
    signal.addEventListener('abort', end, { once: true });
    onStart?.(end);
  });
}
