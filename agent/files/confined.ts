// Keeps every path inside the state directory: names are checked segment by segment, and what is already there is never followed
// when it is a symbolic link. Reads only.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, HoldfastError } from '../../fleet/error.ts';

export const PATH_SEGMENTS = 64;
export const SEGMENT_BYTES = 255;

/** `folder` extended by a relative path that cannot leave it. Throws with `code` and the path for anything else. */
export function below(folder: string, path: string, code: ErrorCode): string {
  const segments = path.split('/');
  if (segments.length > PATH_SEGMENTS) throw refused(path, `more than ${PATH_SEGMENTS} folders deep`, code);
  for (const segment of segments) {
    if (segment === '') throw refused(path, 'it has an empty part', code);
    if (segment === '.' || segment === '..') throw refused(path, `"${segment}" could lead out of the folder`, code);
    if (segment.includes('\0') || segment.includes('\\')) throw refused(path, 'it has a NUL or a backslash', code);
    if (Buffer.byteLength(segment) > SEGMENT_BYTES) throw refused(path, `a part is over ${SEGMENT_BYTES} bytes`, code);
  }
  return join(folder, ...segments);
}

/** Content ids are object ids and hashes: one plain segment. */
export function isContentId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(id);
}

/** What is at `place`: its kind, or null when nothing is. A symbolic link is `link`, whatever it points to. */
export async function kindAt(place: string): Promise<'file' | 'folder' | 'link' | 'other' | null> {
  try {
    const stat = await lstat(place);
    if (stat.isSymbolicLink()) return 'link';
    if (stat.isDirectory()) return 'folder';
    return stat.isFile() ? 'file' : 'other';
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function refused(path: string, why: string, code: ErrorCode): HoldfastError {
  return new HoldfastError(code, `The path "${path}" is refused: ${why}.`);
}
