// Git blob ids of bytes and of files on disk, with a memory for files that did not change. Reads only.
import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf } from './confined.ts';

/** Lower-case hex; SHA-256 when the ids of the repository have 64 digits. */
export function blobId(bytes: Uint8Array, digits = 40): string {
  return createHash(algorithm(digits)).update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

export interface FileId {
  readonly oid: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Id and mode of a regular file; null when it is absent, a link or anything else. */
export type IdOfFile = (place: string, digits: number, signal: AbortSignal) => Promise<FileId | null>;

/** Files that are remembered; the oldest are forgotten first. */
export const REMEMBERED_FILES = 20_000;
/** A file written again within the clock's own grain looks unchanged: what is that fresh is read again. */
const SETTLED_MS = 2_000;
const CHUNK_BYTES = 256 * 1024;

export function createFileIds(nowMs: () => number = Date.now): IdOfFile {
  const known = new Map<string, { readonly stamp: string; readonly oid: string }>();
  return async (place, digits, signal) => {
    const handle = await openPlain(place);
    if (handle === null) return null;
    try {
      const stat = await handle.stat({ bigint: true });
      if (!stat.isFile()) return null;
      const stamp = `${digits} ${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
      const before = known.get(place);
      const oid = before?.stamp === stamp ? before.oid : await hashFile(handle, stat, digits, signal);
      known.delete(place);
      if (nowMs() - Number(stat.ctimeMs) > SETTLED_MS) known.set(place, { stamp, oid });
      if (known.size > REMEMBERED_FILES) forgetOldest(known);
      return { oid, mode: Number(stat.mode & 0o7777n), uid: Number(stat.uid), gid: Number(stat.gid) };
    } finally {
      await handle.close();
    }
  };
}

function forgetOldest(known: Map<string, unknown>): void {
  for (const place of known.keys()) {
    known.delete(place);
    return;
  }
}

/** Without following a link, and without hanging on a pipe. */
async function openPlain(place: string): Promise<FileHandle | null> {
  try {
    return await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR'].includes(codeOf(error))) return null;
    throw error;
  }
}

/** A file that grows or shrinks while it is read gets an id that matches nothing, which is what it is. */
async function hashFile(handle: FileHandle, stat: BigIntStats, digits: number, signal: AbortSignal): Promise<string> {
  const hash = createHash(algorithm(digits)).update(`blob ${stat.size}\0`);
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let offset = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0 || offset > Number(stat.size)) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    offset += bytesRead;
  }
}

function algorithm(digits: number): string {
  return digits === 64 ? 'sha256' : 'sha1';
}
