// One thing at a time on one connection, in the order asked. Whoever gives up is told at once, also while waiting.

export interface Turns {
  take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** `stop` ends what is under way when its signal aborts. */
export function createTurns(stop: (reason: unknown) => void): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(signal, work) {
      const turn = last.then(() => whileWanted(signal, work));
      last = turn.catch(() => undefined);
      return unlessAborted(signal, turn);
    },
  };

  async function whileWanted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const giveUp = (): void => stop(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await work();
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }
}

function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
