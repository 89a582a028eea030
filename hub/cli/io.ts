// What a command may touch of the outside: text out, environment, time, and the signal to stop. Tests pass their own.

export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Columns of the terminal; null: not a terminal, nothing is cut. */
  readonly columns: number | null;
  readonly colour: boolean;
  /** Does a person see what goes to `err`, as it comes? */
  readonly watched: boolean;
  /** Aborts on Ctrl-C, SIGTERM and when the terminal closes. */
  readonly signal: AbortSignal;
}

/** 0: all well. 1: the answer is bad news. 2: there is no answer. */
export type ExitCode = 0 | 1 | 2;

/** Ends a command with a message on stderr. */
export class CliError extends Error {
  readonly exit: ExitCode;
  constructor(message: string, exit: ExitCode = 2) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
  }
}
