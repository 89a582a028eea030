// Since when this hub has listened without a break. What was not heard while the broker was away, the store down or
// this process asleep is not held against a device. Pure but for what it remembers.

/** A look that comes this much late: the process was stopped or the machine slept. */
const ASLEEP_MS = 60_000;

export interface Listening {
  /** From when silence counts; null: nobody listens now. */
  look(listening: boolean, now: number): number | null;
  /** What the last look found. */
  since(): number | null;
  /** Something that was heard could not be kept. */
  interrupt(): void;
}

export function createListening(staleAfterMs: number): Listening {
  let since: number | null = null;
  let lookedAt: number | null = null;
  const asleepMs = Math.min(ASLEEP_MS, staleAfterMs / 2);
  return {
    look(listening, now) {
      const slept = lookedAt !== null && now - lookedAt > asleepMs;
      lookedAt = now;
      if (!listening) since = null;
      else if (since === null || slept) since = now;
      return since;
    },
    since: () => since,
    interrupt() {
      since = null;
    },
  };
}
