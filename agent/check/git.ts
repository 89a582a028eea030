// What several looks ask of Git: each thing is asked once, however many need it, and whoever needs it sees how it failed.
import { committedMs } from '../git/commit.ts';
import type { Lineage, Source, Tip } from '../git/source.ts';

export interface Git {
  tip(): Promise<Tip | null>;
  /** How the tip stands to what is in force; null: there is no tip. */
  lineage(): Promise<Lineage | null>;
  /** When the tip was committed; null: not known, for whatever reason. */
  committedMs(): Promise<number | null>;
  /** The commit in force here, behind which nothing goes; null: none is. Throws `StateUnavailable`. */
  floor(): string | null;
  /** Where the tip comes from, for its content. Throws `ConfigInvalid`. */
  content(): Source;
  way(): string | null;
  close(): void;
}

export interface GitGiven {
  /** A source with a folder of this name for itself. */
  readonly open: (name: string) => Source;
  readonly floor: () => string | null;
  /** Every commit since then is looked at. */
  readonly every: boolean;
  readonly signal: AbortSignal;
}

export function createGit({ open, floor, every, signal }: GitGiven): Git {
  const opened: Source[] = [];
  // Content and history are looked at side by side, and a source does one thing after the other.
  const content = openOnce('content');
  const history = openOnce('history');
  const tip = once(async () => await content().poll(signal));
  const lineage = once(async () => {
    const found = await tip();
    return found === null ? null : await history().lineage(found, floor(), every, signal);
  });

  return {
    tip,
    lineage,
    floor,
    content,
    way: () => content().way(),
    async committedMs() {
      const newest = await lineage().then(
        (found) => found?.commits[0],
        () => undefined,
      );
      return newest === undefined ? null : committedMs(newest.raw);
    },
    close() {
      for (const source of opened) source.close();
    },
  };

  function openOnce(name: string): () => Source {
    return once(() => {
      const source = open(name);
      opened.push(source);
      return source;
    });
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
