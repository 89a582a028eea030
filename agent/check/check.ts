// What `holdfast-agent check` looks at: one finding a subject, each saying what is so and, where it is wrong, what to do.

export type Verdict = 'ok' | 'warning' | 'failed';

export interface Finding {
  /** `source`, `trust`, `engine`, `disk`, `secrets`, `broker`, `clock`. */
  readonly subject: string;
  readonly verdict: Verdict;
  /** One sentence: what was found. */
  readonly message: string;
  /** What to do; null when nothing is. */
  readonly remedy: string | null;
}
