// Reads single blobs out of whatever commits are held. Keeps the pack in memory only while reads follow each other.
import { HoldfastError } from '../../fleet/error.ts';
import type { Held } from './held.ts';
import { ObjectDamaged, ObjectMissing, type Objects, openObjects } from './objects.ts';

const IDLE_MS = 5_000;

export interface Blobs {
  /** Throws `GitUnreachable` when no held commit has it. */
  read(oid: string, signal: AbortSignal): Promise<Uint8Array>;
  /** The folders on disk changed. */
  forget(): void;
}

export function createBlobs(held: Held): Blobs {
  let open: { gitdir: string; objects: Objects; timer: NodeJS.Timeout } | null = null;
  return {
    forget,
    async read(oid, signal) {
      for (const commit of await held.list()) {
        signal.throwIfAborted();
        try {
          return await objectsOf(held.gitdir(commit)).read(oid, 'blob');
        } catch (error) {
          // A commit that lacks it, or holds it damaged, does not end the search: another may hold it whole.
          if (!(error instanceof ObjectMissing || error instanceof ObjectDamaged)) throw error;
        }
      }
      throw new HoldfastError('GitUnreachable', `Blob ${oid} is not held. Its commit has to be loaded again.`);
    },
  };

  function objectsOf(gitdir: string): Objects {
    const objects = open?.gitdir === gitdir ? open.objects : openObjects(gitdir);
    forget();
    open = { gitdir, objects, timer: setTimeout(forget, IDLE_MS).unref() };
    return objects;
  }

  function forget(): void {
    clearTimeout(open?.timer);
    open = null;
  }
}
