// Bounds a wait: one promise, one deadline, one signal. It settles when the time is up even when the work inside never does.
// Knows nothing of the Engine; must not retry.
import { type ErrorCode, HoldfastError } from '../../fleet/error.ts';

export interface Deadline {
  /** What is waited for, for people: `create container kiosk-web-1`. */
  readonly what: string;
  readonly ms: number;
  /** Of the failure when the time is up; by default the Engine's. */
  readonly late?: ErrorCode | undefined;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` with a signal that aborts when the caller's does or when the time is up. Rejects with the caller's own reason
 * on an abort, and with `DockerUnavailable` (or `late`) when the deadline passes, whether or not `work` reacts.
 */
export function withDeadline<T>(deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  if (deadline.signal.aborted) return Promise.reject(deadline.signal.reason);
  const inner = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const stop = (reason: unknown): void => {
      reject(reason);
      inner.abort(reason);
    };
    const onAbort = (): void => stop(deadline.signal.reason);
    const timer = setTimeout(() => stop(tooLate(deadline)), deadline.ms);
    deadline.signal.addEventListener('abort', onAbort, { once: true });
    const release = (): void => {
      clearTimeout(timer);
      deadline.signal.removeEventListener('abort', onAbort);
    };
    inner.signal.addEventListener('abort', release, { once: true });
    work(inner.signal).then(
      (value) => {
        release();
        resolve(value);
      },
      (error: unknown) => {
        release();
        reject(error);
      },
    );
  });
}

/** A pause that ends early, rejecting with the signal's reason, when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function tooLate(deadline: Deadline): HoldfastError {
  const seconds = Math.round(deadline.ms / 100) / 10;
  return new HoldfastError(
    deadline.late ?? 'DockerUnavailable',
    `The Engine did not finish "${deadline.what}" within ${seconds} s.`,
  );
}
