// A revision's files as the pure core sees them: paths, object ids, bytes. Nothing here reads anything.

/** One regular file of a commit. Paths are repository-relative, `/`-separated, without `.` or `..`. */
export interface SourceFile {
  readonly path: string;
  /** Git mode: plain or executable. Symlinks and submodules never get this far. */
  readonly mode: '100644' | '100755';
  /** Git blob id, lower-case hex. */
  readonly oid: string;
  /** Bytes of the blob. */
  readonly size: number;
  /** Present for files of at most `TEXT_BYTES`; larger ones are content only and are streamed to the host. */
  readonly bytes?: Uint8Array;
}

/** Files above this size are never read as configuration. */
export const TEXT_BYTES = 256 * 1024;

/**
 * The part of a commit that was loaded. `roots` are the files and folders that were loaded whole (recursively);
 * a path below a root that is not in `files` does not exist in the commit; a path outside every root is unknown.
 */
export interface SourceTree {
  readonly roots: readonly string[];
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Git tree id of every loaded folder, by path. */
  readonly trees: ReadonlyMap<string, string>;
}
