// How far a long command is, on one line of the terminal that is rewritten. Nothing where nobody watches.
import type { Io } from './io.ts';

/** Often enough to look alive. */
const EVERY_MS = 100;

export interface Progress {
  step(): void;
  /** Takes the line away. */
  end(): void;
}

export function createProgress(io: Io, total: number, what: string): Progress {
  let done = 0;
  let shownAt = io.now();
  let shown = false;
  return {
    step() {
      done += 1;
      if (!io.watched || io.now() - shownAt < EVERY_MS) return;
      shownAt = io.now();
      shown = true;
      io.err(`\r${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${what}`);
    },
    end() {
      if (shown) io.err('\r\u001b[K');
    },
  };
}
