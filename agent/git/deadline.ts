// A total deadline over one Git operation, however many requests it takes: a server that drips bytes ends it too.
import { HoldfastError } from '../../fleet/error.ts';

/**
 * Runs `work` with a signal that aborts when the caller's does or when `timeoutMs` have passed.
 * Throws `GitUnreachable` on the deadline and the caller's own reason when the caller gave up.
 */
export async function withDeadline<T>(
  given: { signal: AbortSignal; timeoutMs: number; what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  given.signal.throwIfAborted();
  const controller = new AbortController();
  const late = new HoldfastError(
    'GitUnreachable',
    `${given.what}: not finished within ${given.timeoutMs / 1000} s, so it was given up. It is tried again.`,
  );
  const timer = setTimeout(() => controller.abort(late), given.timeoutMs);
  const stop = (): void => controller.abort(given.signal.reason);
  given.signal.addEventListener('abort', stop, { once: true });
  try {
    const result = await Promise.race([work(controller.signal), rejectOnAbort(controller.signal)]);
    controller.signal.throwIfAborted();
    return result;
  } finally {
    clearTimeout(timer);
    given.signal.removeEventListener('abort', stop);
    // Ends what may still be under way (sockets) after a failure.
    controller.abort(late);
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  // Loses the race in the normal case; its late rejection is nobody's.
  aborted.catch(() => undefined);
  return aborted;
}
