// When the demo has to end: Ctrl-C, a signal, a closed terminal or pipe, the death of the npm that started it.
// Later signals change nothing: the clean-up that the first one started is bounded and goes on.

export interface Lifetime {
  readonly signal: AbortSignal;
  /** Stops listening; call it last. */
  close(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const LOOK_MS = 1000;

/** The abort reason is an `Interrupted`. */
export function createLifetime(): Lifetime {
  const controller = new AbortController();
  const end = (why: string) => () => {
    if (!controller.signal.aborted) controller.abort(new Interrupted(why));
  };
  const handlers = SIGNALS.map((name) => [name, end(name)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  // A reader that went away (`npm start | head`) must not leave a fleet running unseen.
  const closed = end('closed output');
  process.stdout.on('error', closed);
  process.stderr.on('error', closed);
  const parent = process.ppid;
  const orphaned = end('end of npm');
  const look = setInterval(() => {
    if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) orphaned();
  }, LOOK_MS);
  look.unref();
  return {
    signal: controller.signal,
    close() {
      clearInterval(look);
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}

/** The user asked for the end: not a failure. */
export class Interrupted extends Error {
  constructor(why: string) {
    super(`Ended by ${why}.`);
    this.name = 'Interrupted';
  }
}

/** The work, or the abort of `signal`, whichever comes first. */
export async function unlessEnded<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = (): void => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
