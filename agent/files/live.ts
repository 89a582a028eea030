// Content at a place of its own, which containers see change: `<place>/content` is mounted, `<place>/inode` says which file or folder
// that was when it was made. Whoever replaces it by a rename, as editors do, takes it from under the container: that is seen here.
import { randomBytes } from 'node:crypto';
import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../fleet/error.ts';
import type { Content, ContentFile } from '../../fleet/model/mount.ts';
import type { ContentState } from '../../fleet/model/observed.ts';
import type { IdOfFile } from './blob.ts';
import { isMissing, kindAt } from './confined.ts';
import type { ReadBlob } from './content.ts';
import { makeNewFolder, overwriteFile, putInPlace, removeQuietly, syncFolder, writeNewFile } from './disk.ts';
import { isIntact, lookAt, modeOf, parentsOf } from './look.ts';
import { bytesOf, writeFolder } from './write.ts';

const MOUNTED = 'content';
const INODE = 'inode';

export async function lookAtLive(
  content: Content,
  place: string,
  idOf: IdOfFile,
  signal: AbortSignal,
): Promise<ContentState> {
  if ((await kindAt(place)) !== 'folder') return { kind: 'missing' };
  const state = await lookAt(content, join(place, MOUNTED), idOf, signal);
  return state.kind === 'missing' || (await isSame(content, place)) ? state : { ...state, moved: true };
}

/** Makes the place, or replaces it as a whole: what is mounted from it stays what it was. */
export async function writeAnew(
  content: Content,
  place: string,
  readBlob: ReadBlob,
  signal: AbortSignal,
): Promise<void> {
  const root = dirname(place);
  const random = randomBytes(8).toString('hex');
  const fresh = join(root, `.new-${random}`);
  const aside = join(root, `.old-${random}`);
  try {
    await makeNewFolder(fresh);
    const mounted = join(fresh, MOUNTED);
    if (content.kind === 'folder') await writeFolder(content.files, mounted, readBlob, signal);
    else await writeNewFile(mounted, await bytesOf(content, readBlob, signal), modeOf(content), content.access);
    await writeNewFile(join(fresh, INODE), Buffer.from(await inodeOf(mounted)), 0o600);
    await syncFolder(fresh);
    signal.throwIfAborted();
    await putInPlace(fresh, place, aside, (await kindAt(place)) !== null);
    await syncFolder(root);
  } finally {
    await removeQuietly(fresh);
    await removeQuietly(aside);
  }
}

/**
 * Writes what containers see. A power cut may leave a part of it: the bytes are compared at every look, and what is not
 * whole is written again.
 */
export async function writeOver(
  content: Content,
  place: string,
  readBlob: ReadBlob,
  idOf: IdOfFile,
  signal: AbortSignal,
): Promise<void> {
  if (!(await isSame(content, place))) {
    throw new HoldfastError(
      'StateUnavailable',
      `${content.path} was replaced on this host just now; it is looked at again.`,
    );
  }
  const fresh = join(dirname(place), `.new-${randomBytes(8).toString('hex')}`);
  const mounted = join(place, MOUNTED);
  try {
    // All of it is at hand, and the disk had room for it, before anything that is seen changes.
    if (content.kind === 'folder') {
      await writeFolder(content.files, fresh, readBlob, signal);
      signal.throwIfAborted();
      await moveInto(content.files, fresh, mounted, idOf, signal);
      return;
    }
    const bytes = await bytesOf(content, readBlob, signal);
    await writeNewFile(fresh, bytes, 0o600);
    await removeQuietly(fresh);
    signal.throwIfAborted();
    await overwriteFile(mounted, bytes, modeOf(content), content.access);
  } finally {
    await removeQuietly(fresh);
  }
}

/** Each file takes its place by a rename; one that is right stays untouched, so that nobody who watches is told of it. */
async function moveInto(
  files: readonly ContentFile[],
  fresh: string,
  folder: string,
  idOf: IdOfFile,
  signal: AbortSignal,
): Promise<void> {
  const folders = [...new Set(files.flatMap(({ path }) => parentsOf(path)))].sort();
  for (const path of folders) await makeFolder(join(folder, path));
  for (const file of files) {
    const at = join(folder, file.path);
    if (await isIntact(file, at, idOf, signal)) continue;
    if ((await kindAt(at)) === 'folder') await rm(at, { recursive: true });
    await rename(join(fresh, file.path), at);
  }
  await removeOthers(folder, '', new Set([...folders, ...files.map(({ path }) => path)]));
  for (const path of [...folders].reverse()) await syncFolder(join(folder, path));
  await syncFolder(folder);
}

async function makeFolder(place: string): Promise<void> {
  const kind = await kindAt(place);
  if (kind === 'folder') return;
  if (kind !== null) await rm(place);
  await makeNewFolder(place);
}

async function removeOthers(root: string, below: string, wanted: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (!wanted.has(path)) await rm(join(root, path), { recursive: true, force: true });
    else if (entry.isDirectory()) await removeOthers(root, path, wanted);
  }
}

/** It is of the content's kind, and nobody replaced it since it was made. */
async function isSame(content: Content, place: string): Promise<boolean> {
  const mounted = join(place, MOUNTED);
  if ((await kindAt(mounted)) !== (content.kind === 'folder' ? 'folder' : 'file')) return false;
  try {
    return (await readFile(join(place, INODE), 'utf8')) === (await inodeOf(mounted));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function inodeOf(place: string): Promise<string> {
  return String((await lstat(place, { bigint: true })).ino);
}
