// Writes one content: complete and synced under a temporary name beside its place, then renamed. The only writer of the store.
// Must not read Git: bytes come from `readBlob`, and are believed only when their id is the declared one.
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../fleet/error.ts';
import type { Content, ContentFile } from '../../fleet/model/mount.ts';
import { blobId } from './blob.ts';
import { below, kindAt } from './confined.ts';
import type { ReadBlob } from './content.ts';
import { makeNewFolder, putInPlace, removeQuietly, syncFolder, writeNewFile } from './disk.ts';
import { MODE, modeOf, parentsOf } from './look.ts';

/** Names that a crash may leave behind; nothing refers to them. */
const UNFINISHED = /^\.(new|old)-[0-9a-f]{16}$/;

/** Files of one folder; a fleet repository that mounts more is a mistake. */
export const FOLDER_FILES = 10_000;

export async function writeContent(
  content: Content,
  root: string,
  readBlob: ReadBlob,
  signal: AbortSignal,
): Promise<void> {
  const random = randomBytes(8).toString('hex');
  const fresh = join(root, `.new-${random}`);
  const aside = join(root, `.old-${random}`);
  const place = join(root, content.id);
  try {
    if (content.kind === 'folder') await writeFolder(content.files, fresh, readBlob, signal);
    else await writeNewFile(fresh, await bytesOf(content, readBlob, signal), modeOf(content), content.access);
    signal.throwIfAborted();
    // A plain file is replaced by the rename itself, with no moment in between.
    const there = await kindAt(place);
    await putInPlace(fresh, place, aside, there !== null && (there === 'folder' || content.kind === 'folder'));
    await syncFolder(root);
  } finally {
    await removeQuietly(fresh);
    await removeQuietly(aside);
  }
}

/** Removes what a crash left half written. */
export async function sweepUnfinished(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (UNFINISHED.test(name)) await removeQuietly(join(root, name));
  }
}

export async function writeFolder(
  files: readonly ContentFile[],
  fresh: string,
  readBlob: ReadBlob,
  signal: AbortSignal,
): Promise<void> {
  if (files.length > FOLDER_FILES) {
    throw new HoldfastError(
      'GitContentRefused',
      `A mounted folder has ${files.length} files; ${FOLDER_FILES} is the most.`,
    );
  }
  const places = files.map((file) => ({ file, place: below(fresh, file.path, 'GitContentRefused') }));
  await makeNewFolder(fresh);
  const folders = [...new Set(files.flatMap(({ path }) => parentsOf(path)))].sort();
  for (const folder of folders) await makeNewFolder(join(fresh, folder));
  for (const { file, place } of places) {
    signal.throwIfAborted();
    await writeNewFile(place, await readChecked(file.path, file.oid, readBlob, signal), MODE[file.mode]);
  }
  for (const folder of [...folders].reverse()) await syncFolder(join(fresh, folder));
  await syncFolder(fresh);
  await syncFolder(dirname(fresh));
}

export async function bytesOf(
  content: Exclude<Content, { kind: 'folder' }>,
  readBlob: ReadBlob,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (content.kind === 'secret') return Buffer.from(content.bytes, 'base64');
  return content.kind === 'inline'
    ? Buffer.from(content.text)
    : readChecked(content.path, content.oid, readBlob, signal);
}

async function readChecked(path: string, oid: string, readBlob: ReadBlob, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await readBlob(oid, signal);
  if (blobId(bytes, oid.length) === oid) return bytes;
  throw new HoldfastError('GitContentRefused', `The bytes of ${path} are not those of its object id ${oid}.`);
}
