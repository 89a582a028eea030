// What the loop needs from the content store: files that Git declares, below `<state>/content/<id>`.
import type { Content, LiveContent } from '../../fleet/model/mount.ts';
import type { ContentState } from '../../fleet/model/observed.ts';
import type { StepOf } from '../../fleet/model/plan.ts';

export type ReadBlob = (oid: string, signal: AbortSignal) => Promise<Uint8Array>;

export type LiveWrite = Pick<StepOf<'write-live'>, 'content' | 'place' | 'way'>;

export interface ContentStore {
  /** Compares what is on disk with what is declared, byte for byte; unchanged files (by size, mtime, ctime, inode) are not read again. */
  look(
    contents: readonly Content[],
    signal: AbortSignal,
    live?: readonly LiveContent[],
  ): Promise<ReadonlyMap<string, ContentState>>;
  /** Writes the content atomically (temporary sibling, fsync, rename), replacing what is there. */
  write(content: Content, readBlob: ReadBlob, signal: AbortSignal): Promise<void>;
  /**
   * Writes what lies at a place of its own: `over` keeps the very file or folder that a container sees, and fails when somebody
   * put another one there; `anew` and `first` replace it atomically.
   */
  writeLive(step: LiveWrite, readBlob: ReadBlob, signal: AbortSignal): Promise<void>;
  /**
   * Removes content whose id is not in `keep`, and what writes left unfinished; a bounded number of entries per call. Never fails:
   * what cannot be removed stays for the next time. Not while a write is under way. Returns how many were removed.
   */
  collect(keep: ReadonlySet<string>): Promise<number>;
  /** Makes `<state>/volumes/<path>` if absent; refuses paths that leave it. */
  makeDataFolder(path: string): Promise<void>;
}
