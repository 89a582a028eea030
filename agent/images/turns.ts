// So many at once, the others in the order in which they came.

export interface Turns {
  /** Runs `work` when there is a place. Rejects with the signal's reason when that aborts before. */
  take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createTurns(places: number): Turns {
  let free = places;
  const queue = new Set<() => void>();

  return {
    async take(signal, work) {
      await place(signal);
      try {
        return await work();
      } finally {
        free++;
        const [next] = queue;
        next?.();
      }
    },
  };

  function place(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.delete(enter);
        signal.removeEventListener('abort', onAbort);
      };
      const enter = (): void => {
        leave();
        free--;
        resolve();
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason);
      };
      if (free > 0) return enter();
      signal.addEventListener('abort', onAbort, { once: true });
      queue.add(enter);
    });
  }
}
