// Snapshots that lie unpacked on disk: made once for all who ask at the same time, read with every object checked
// against its id, and removed when a newer one is there and nobody reads them any more.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, messageOf } from '../../../fleet/error.ts';
import { idOf, isObjectType } from '../object.ts';
import { ProtocolError } from '../pkt-line.ts';
import type { RawObject } from '../upstream.ts';
import { ServerRefusal } from './commands.ts';

export interface SnapshotWanted {
  readonly commit: string;
  /** The commit, or an annotated tag that leads to it. */
  readonly want: string;
  /** In commits. */
  readonly depth: number;
  readonly signal: AbortSignal;
}

export interface Unpacked {
  readonly gitdir: string;
  /** isomorphic-git's: it holds the pack. */
  readonly cache: object;
}

interface Kept extends Omit<SnapshotWanted, 'signal'> {
  readonly gitdir: string;
  cache: object;
  /** Who waits for it or reads it; it is removed by the last of them at the earliest. */
  users: number;
  isReady: boolean;
  /** False: it failed, and whoever waited begins anew. */
  readonly ready: Promise<boolean>;
}

export interface Snapshots {
  /** Throws what `unpack` throws; then those that there were stay. */
  use<T>(wanted: SnapshotWanted, work: (from: Unpacked) => Promise<T>): Promise<T>;
  close(): void;
}

/** `unpack` fills the folder that it is given, which does not exist yet. */
export function createSnapshots(
  folder: string,
  unpack: (gitdir: string, wanted: SnapshotWanted) => Promise<void>,
): Snapshots {
  const kept = new Set<Kept>();
  return {
    async use(wanted, work) {
      const from = await hold(wanted);
      try {
        return await work(from);
      } finally {
        await release(from);
      }
    },
    close() {
      for (const each of kept) void drop(each);
    },
  };

  async function hold(wanted: SnapshotWanted): Promise<Kept> {
    for (;;) {
      wanted.signal.throwIfAborted();
      const found = [...kept].find((each) => serves(each, wanted));
      if (found === undefined) return await make(wanted);
      found.users++;
      if (await found.ready) return found;
      await release(found);
    }
  }

  async function make({ commit, want, depth, signal }: SnapshotWanted): Promise<Kept> {
    const { promise: ready, resolve } = Promise.withResolvers<boolean>();
    const gitdir = join(folder, `snapshot-${randomUUID()}`);
    const made: Kept = { commit, want, depth, gitdir, cache: {}, users: 1, isReady: false, ready };
    // Their packs; on disk they stay until this one is there.
    for (const each of kept) if (each.users === 0) each.cache = {};
    kept.add(made);
    try {
      await unpack(gitdir, { commit, want, depth, signal });
      signal.throwIfAborted();
    } catch (error) {
      kept.delete(made);
      resolve(false);
      await release(made);
      throw error;
    }
    made.isReady = true;
    resolve(true);
    for (const each of kept) if (each !== made && each.isReady) await drop(each);
    return made;
  }

  async function drop(each: Kept): Promise<void> {
    kept.delete(each);
    if (each.users === 0) await remove(each);
  }

  async function release(each: Kept): Promise<void> {
    each.users--;
    if (each.users === 0 && !kept.has(each)) await remove(each);
  }
}

function serves(each: Kept, { commit, want, depth }: SnapshotWanted): boolean {
  return each.commit === commit && each.depth >= depth && (want === each.want || want === commit);
}

/** What cannot be removed now is removed with the next collection of the object store. */
async function remove({ gitdir }: Kept): Promise<void> {
  await rm(gitdir, { recursive: true, force: true }).catch(() => undefined);
}

/** Throws `GitRefNotFound` when the snapshot does not hold it. */
export async function readUnpacked(from: Unpacked, shown: string, oid: string): Promise<RawObject> {
  const object = await findUnpacked(from, shown, oid);
  if (object === null)
    throw new HoldfastError('GitRefNotFound', `${shown}: the server did not send object ${oid}. It is tried again.`);
  return object;
}

/** null: the snapshot does not hold it. */
export async function findUnpacked({ gitdir, cache }: Unpacked, shown: string, oid: string): Promise<RawObject | null> {
  const git = await import('isomorphic-git');
  const found = await git.readObject({ fs, gitdir, oid, format: 'content', cache }).catch((error: unknown) => {
    if (error instanceof git.Errors.NotFoundError) return null;
    throw libraryError(git, shown, oid, error);
  });
  if (found === null) return null;
  const { object, type } = found;
  if (!(object instanceof Uint8Array) || !isObjectType(type))
    throw new ProtocolError(`it sent no usable object ${oid}`);
  // A copy: the library's buffer may be a view that keeps the whole pack alive.
  const bytes = Uint8Array.from(object);
  if (idOf(type, bytes) !== oid) throw new ProtocolError(`what it sent as ${oid} is another object`);
  return { oid, type, bytes };
}

/** What isomorphic-git throws, as one of the Git error codes. */
export function libraryError(
  git: typeof import('isomorphic-git'),
  shown: string,
  oid: string,
  error: unknown,
): unknown {
  if (error instanceof HoldfastError || error instanceof ProtocolError || error instanceof ServerRefusal) return error;
  const options = { cause: error };
  if (error instanceof git.Errors.NotFoundError)
    return new HoldfastError('GitRefNotFound', `${shown}: the server does not have ${oid} any more.`, options);
  return new HoldfastError('GitUnreachable', `${shown}: ${messageOf(error).slice(0, 300)}`, options);
}
