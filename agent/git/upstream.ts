// Where Git objects come from: a server that is asked narrowly, a server that only hands out snapshots, a local
// repository, a bundle. The source above decides what is wanted; an upstream only brings it.

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

/** One Git object. Whoever makes one has computed `oid` from the bytes: it is never taken from elsewhere. */
export interface RawObject {
  /** Lower-case hex, 40 digits (SHA-1). */
  readonly oid: string;
  readonly type: ObjectType;
  readonly bytes: Uint8Array;
}

/** Takes an object as it arrives; the next one waits for it. */
export type Keep = (object: RawObject) => Promise<void>;

export interface RemoteRef {
  /** Full name: `refs/heads/main`. */
  readonly name: string;
  readonly oid: string;
  /** What an annotated tag finally points to; null: the ref points to no tag. */
  readonly peeled: string | null;
}

export interface HistoryWanted {
  readonly commit: string;
  /** An annotated tag object that has to come along; null: none. */
  readonly tag: string | null;
  /** Where the history may end, exclusive; null: the commit alone is enough. */
  readonly since: string | null;
}

/** One connection. Every call ends by its signal; after a failure the upstream is closed and made anew. */
export interface Upstream {
  /** How it works, for people: `narrow`, `snapshot (the server has filters off)`. */
  readonly way: string;
  /** All refs whose full name begins with one of the prefixes. Throws `GitRefNotFound` when there is no repository. */
  refs(prefixes: readonly string[], signal: AbortSignal): Promise<readonly RemoteRef[]>;
  /**
   * The commit with its root tree, and the commits between it and `since`. False: `since` does not lie behind the
   * commit as far as the server says, and then nothing may have been brought. What is true, only the commits show.
   */
  history(wanted: HistoryWanted, keep: Keep, signal: AbortSignal): Promise<boolean>;
  /** Exactly these tree objects (at least these); `commit` is the one that they belong to. */
  trees(oids: readonly string[], keep: Keep, signal: AbortSignal, commit: string): Promise<void>;
  /** These blobs, and these trees with everything below; `commit` is the one that they belong to. */
  whole(oids: readonly string[], keep: Keep, signal: AbortSignal, commit: string): Promise<void>;
  close(): void;
}
