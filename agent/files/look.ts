// Compares one content on disk with what is declared, byte for byte and bit for bit. Reads only.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Access, Content, ContentFile } from '../../fleet/model/mount.ts';
import type { ContentState } from '../../fleet/model/observed.ts';
import { blobId, type IdOfFile } from './blob.ts';
import { kindAt } from './confined.ts';

/** Paths that an `edited` state names. */
export const NAMED_PATHS = 5;

export const MODE = { '100644': 0o644, '100755': 0o755 } as const;

export async function lookAt(
  content: Content,
  place: string,
  idOf: IdOfFile,
  signal: AbortSignal,
): Promise<ContentState> {
  const kind = await kindAt(place);
  if (kind === null) return { kind: 'missing' };
  if (content.kind === 'folder') {
    if (kind !== 'folder') return { kind: 'edited', paths: [content.path] };
    const paths = await editedPaths(content.files, place, idOf, signal);
    return paths.length === 0 ? { kind: 'intact' } : { kind: 'edited', paths };
  }
  const oid = oidOf(content);
  const found = await idOf(place, oid.length, signal);
  const intact =
    found !== null && found.oid === oid && found.mode === modeOf(content) && isOwned(found, content.access);
  return intact ? { kind: 'intact' } : { kind: 'edited', paths: [content.path] };
}

type SingleFile = Exclude<Content, { kind: 'folder' }>;

function oidOf(content: SingleFile): string {
  if (content.kind === 'file') return content.oid;
  return blobId(content.kind === 'inline' ? Buffer.from(content.text) : Buffer.from(content.bytes, 'base64'));
}

/** Permission bits on the host, which are those in the container. */
export function modeOf(content: SingleFile): number {
  return content.kind === 'secret' ? content.access.mode : (content.access?.mode ?? MODE[content.mode]);
}

function isOwned(found: Pick<Access, 'uid' | 'gid'>, access: Access | undefined): boolean {
  return access === undefined || (found.uid === access.uid && found.gid === access.gid);
}

/** Changed, missing, mode-changed and extra paths, sorted, `NAMED_PATHS` at most. */
async function editedPaths(
  files: readonly ContentFile[],
  folder: string,
  idOf: IdOfFile,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const declared = new Set(files.map(({ path }) => path));
  const folders = new Set(files.flatMap(({ path }) => parentsOf(path)));
  const edited = await extraPaths(folder, declared, folders, signal);
  for (const file of [...files].sort((left, right) => (left.path < right.path ? -1 : 1))) {
    if (edited.length >= 2 * NAMED_PATHS) break;
    signal.throwIfAborted();
    if (!(await isIntact(file, join(folder, file.path), idOf, signal))) edited.push(file.path);
  }
  return [...new Set(edited)].sort().slice(0, NAMED_PATHS);
}

export async function isIntact(
  file: ContentFile,
  place: string,
  idOf: IdOfFile,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await idOf(place, file.oid.length, signal);
  return found !== null && found.oid === file.oid && found.mode === MODE[file.mode];
}

/** What is in the folder and not declared; a folder counts by its own name with a slash, and is not entered. */
async function extraPaths(
  root: string,
  declared: ReadonlySet<string>,
  folders: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string[]> {
  const extra: string[] = [];
  const open = [''];
  for (let folder = open.pop(); folder !== undefined && extra.length < NAMED_PATHS; folder = open.pop()) {
    signal.throwIfAborted();
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && folders.has(path)) open.push(path);
      else if (!declared.has(path)) extra.push(entry.isDirectory() ? `${path}/` : path);
    }
  }
  return extra;
}

/** `a/b/c` → a, a/b */
export function parentsOf(path: string): readonly string[] {
  const segments = path.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}
