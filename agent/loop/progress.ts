// Says now and then how far a long piece of work is, while it is under way.
import { setTimeout as sleep } from 'node:timers/promises';

/** Calls `tell` again and again until `work` ends, one call at a time; none is under way any more when this settles. */
export async function tellingProgress<T>(work: Promise<T>, everyMs: number, tell: () => Promise<void>): Promise<T> {
  const ended = new AbortController();
  const telling = repeat(everyMs, tell, ended.signal);
  // Seen below, when the work has ended.
  telling.catch(() => undefined);
  try {
    return await work;
  } finally {
    ended.abort();
    await telling;
  }
}

async function repeat(everyMs: number, tell: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    // An abort ends the rest early.
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await tell();
  }
}
