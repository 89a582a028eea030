// What the loop needs from Git. A transport implements this; nothing outside `agent/git/` knows which one.
import type { SourceTree } from '../../fleet/model/source.ts';

/** What the ref names now. */
export interface Tip {
  readonly commit: string;
  /** The ref as people write it: `main`, or the tag that a version range chose, `v1.2.3`. */
  readonly name: string;
  /** The annotated tag that leads to the commit; null: none does. */
  readonly tag: string | null;
}

export interface RawCommit {
  readonly oid: string;
  /** The commit object's bytes, checked against its id. */
  readonly raw: Uint8Array;
}

/**
 * How a tip stands to the commit that was last applied. `first`: nothing was. `behind`: the tip is an ancestor of it.
 * `apart`: neither descends from the other, as far as anyone can show.
 */
export type Relation = 'first' | 'same' | 'descends' | 'behind' | 'apart';

export interface Lineage {
  readonly relation: Relation;
  /** Newest first: the tip back to the last applied commit, exclusive. The tip alone unless the relation is `descends`. */
  readonly commits: readonly RawCommit[];
  /** The bytes of the tip's annotated tag, checked against its id. */
  readonly tag: Uint8Array | null;
}

export interface Source {
  /** The tip that the ref names now, in as few bytes as the transport can. Throws `GitUnreachable`, `GitAuthentication`, `GitRefNotFound`. */
  /** null: there is nothing to ask; what comes is handed in. */
  poll(signal: AbortSignal): Promise<Tip | null>;
  /** Shows, by commits alone, how the tip stands to `since`; `every` also brings every side line of the history between them. */
  lineage(tip: Tip, since: string | null, every: boolean, signal: AbortSignal): Promise<Lineage>;
  /**
   * Loads files and folders (recursively) of a commit. A root that does not exist in the commit is listed in `roots` and has no
   * files. Held commits load without the network. Throws `GitContentRefused` for what must not reach the host, naming the file.
   */
  load(commit: string, roots: readonly string[], signal: AbortSignal): Promise<SourceTree>;
  /** The bytes of a blob of a loaded commit, checked against its id. */
  readBlob(oid: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Drops everything held that none of these commits reaches. */
  retain(commits: readonly string[]): Promise<void>;
  /** How objects are fetched, for people; null: nothing was asked yet. */
  way(): string | null;
  /** A bundle file as a source of its own, over the same held objects. */
  bundle(path: string): Source;
  /** Ends connections; the source can be used again. */
  close(): void;
}
