// Waiting for what the world does by itself: until it is so, or an error that says what never happened.
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** What is waited for, as in "the container runs". */
  readonly what: string;
}

/** Calls `look` until it returns something other than false, null or undefined, and returns that. Errors of `look` count as not yet. */
export async function waitFor<T>(
  look: () => Promise<T | false | null | undefined> | T | false | null | undefined,
  { timeoutMs, what }: WaitOptions,
): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== false && seen !== null && seen !== undefined) return seen;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > endsAt) {
      throw new Error(`After ${timeoutMs} ms it is still not so that ${what}.`, { cause: lastError });
    }
    await sleep(50);
  }
}
