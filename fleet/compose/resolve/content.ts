// What the repository or a Compose file holds itself as content to mount, addressed as Git addresses it.
import { createHash } from 'node:crypto';
import type { Content } from '../../model/mount.ts';
import type { SourceFile } from '../../model/source.ts';
import type { Found } from '../files.ts';
import type { Place } from '../place.ts';
import { shown, type Where, wrong } from '../report.ts';

/** A file or folder of the repository as content. */
export function contentOf(
  path: string,
  found: Exclude<Found, { kind: 'absent' | 'unknown' }>,
  at: Place,
  where: Where,
): Content | undefined {
  if (found.kind === 'file') {
    const { oid, mode } = found.file;
    if (!isReal(found.file, at, where)) return undefined;
    return { kind: 'file', id: contentId(oid, mode), path, oid, mode };
  }
  if (found.files.length > MAX_FOLDER_FILES) {
    return wrong(where, at, 'too-large', `${shown(path)} has more than ${MAX_FOLDER_FILES} files`);
  }
  if (!found.files.every((file) => isReal(file, at, where))) return undefined;
  const files = found.files.map(({ path: full, oid, mode }) => ({ path: full.slice(path.length + 1), oid, mode }));
  return { kind: 'folder', id: found.oid ?? hashOf(JSON.stringify(files)), path, files };
}

/** Most files of one mounted folder. */
export const MAX_FOLDER_FILES = 10_000;

/** Text that a Compose file holds itself, addressed as Git would address it. */
export function inlineContent(
  path: string,
  text: string,
  mode: '100644' | '100755',
): Extract<Content, { kind: 'inline' }> {
  const bytes = new TextEncoder().encode(text);
  const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  return { kind: 'inline', id: contentId(oid, mode), path, text, mode };
}

export function contentId(oid: string, mode: '100644' | '100755'): string {
  return mode === '100755' ? `${oid}-x` : oid;
}

function hashOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

const LFS = new TextEncoder().encode('version https://git-lfs.github.com/spec/');

/** Not a pointer to a file that is kept elsewhere. */
function isReal({ bytes, path }: SourceFile, at: Place, where: Where): boolean {
  if (bytes === undefined || !LFS.every((byte, index) => bytes[index] === byte)) return true;
  wrong(where, at, 'lfs-pointer', `${shown(path)} is a Git LFS pointer, not the file`, 'commit the file itself');
  return false;
}
