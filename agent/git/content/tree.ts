// Parses a raw Git tree object and judges its names: what must not reach a host is named, never written.
// Works on bytes, since a name need not be UTF-8. Pure. Source: gitformat (tree objects), git-fsck (`.git`-like names).
import { isUtf8 } from 'node:buffer';
import { HoldfastError } from '../../../fleet/error.ts';

/** Folders within folders. */
export const MAX_DEPTH = 64;
/** Of a whole path: what a host can hold below the state directory (PATH_MAX is 4096). */
const PATH_BYTES = 2048;
/** Of one name, as on every file system that a host may have. */
const NAME_BYTES = 255;

export interface TreeEntry {
  readonly name: string;
  /** False: the name's bytes are not UTF-8, and `name` is only like it. */
  readonly utf8: boolean;
  /** `other`: a mode that Git does not make. */
  readonly kind: 'file' | 'folder' | 'symlink' | 'submodule' | 'other';
  readonly mode: '100644' | '100755';
  readonly oid: string;
}

const KINDS: Readonly<Record<string, TreeEntry['kind']>> = {
  '040000': 'folder',
  '40000': 'folder',
  '120000': 'symlink',
  '160000': 'submodule',
  '100644': 'file',
  '100664': 'file',
  '100755': 'file',
};

const EMPTY = Buffer.alloc(0);
const SLASH = Buffer.from('/');

/**
 * Entries of a tree object whose folder is `folder`. Throws `GitContentRefused` only for what is no tree: what an entry is
 * and how it is named is judged where it is used, so that nobody's bad name keeps another device from its own folder.
 */
export function parseTree(raw: Uint8Array, folder: string): readonly TreeEntry[] {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const entries: TreeEntry[] = [];
  const names = new Set<string>();
  let before: Buffer = EMPTY;
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space + 1);
    if (space < 0 || end < 0 || end + 21 > bytes.length) throw refused(folder, 'its tree object is malformed.');
    const named = bytes.subarray(space + 1, end);
    const entry = readEntry(bytes.toString('latin1', at, space), named, bytes.toString('hex', end + 1, end + 21));
    // Git sorts folders as if their names ended with a slash, and finds what it looks for by that order.
    const sortedAs = entry.kind === 'folder' ? Buffer.concat([named, SLASH]) : named;
    if (Buffer.compare(before, sortedAs) > 0) throw refused(folder, 'its tree object is malformed (not sorted).');
    if (names.has(named.toString('latin1'))) throw refused(join(folder, entry.name), 'it occurs twice in its folder.');
    names.add(named.toString('latin1'));
    before = sortedAs;
    entries.push(entry);
    at = end + 21;
  }
  return entries;
}

function readEntry(mode: string, named: Uint8Array, oid: string): TreeEntry {
  const name = Buffer.from(named).toString('utf8');
  const kind = KINDS[mode] ?? 'other';
  return { name, utf8: isUtf8(named), kind, mode: mode === '100755' ? '100755' : '100644', oid };
}

/** Refuses symlinks, submodules and names that would meet on a host which folds case or Unicode forms. */
export function judgeFolder(entries: readonly TreeEntry[], folder: string): void {
  const seen = new Map<string, string>();
  for (const entry of entries) {
    judgeEntry(entry, folder);
    const folded = entry.name.normalize('NFC').toLowerCase().normalize('NFC');
    const other = seen.get(folded);
    if (other !== undefined)
      throw refused(
        join(folder, entry.name),
        `it differs from "${other}" only in case or Unicode form. Rename one of them.`,
      );
    seen.set(folded, entry.name);
  }
}

/** Refuses one entry for what it is or how it is named. */
export function judgeEntry(entry: TreeEntry, folder: string): void {
  const path = join(folder, entry.name);
  if (!entry.utf8) throw refused(path, 'its name is not valid UTF-8. Rename it.');
  if (entry.kind === 'other') throw refused(path, 'its Git mode is that of neither a file nor a folder.');
  if (entry.kind === 'symlink') throw refused(path, 'it is a symbolic link. Commit the file itself in its place.');
  if (entry.kind === 'submodule')
    throw refused(path, 'it is a submodule. Commit its files, or use a folder of this repository.');
  const problem = nameProblem(entry.name);
  if (problem !== null) throw refused(path, problem);
  if (Buffer.byteLength(path) > PATH_BYTES) throw refused(path, `its path is longer than ${PATH_BYTES} bytes.`);
}

/** The parts of a root as the configuration or a reference writes it. Throws `GitContentRefused` for `..`. */
export function splitPath(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refused(path, 'a path must not leave the repository.');
  return parts;
}

export function refused(path: string, why: string): HoldfastError {
  return new HoldfastError('GitContentRefused', `${printable(path === '' ? '(repository root)' : path)}: ${why}`);
}

export function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function nameProblem(name: string): string | null {
  if (name === '' || name === '.' || name === '..' || name.includes('/')) return 'such a name leaves its folder.';
  if (Buffer.byteLength(name) > NAME_BYTES) return `a name must not be longer than ${NAME_BYTES} bytes.`;
  if (name.includes('\\')) return 'a name must not hold a backslash.';
  if ([...name].some((character) => character < ' ' || character === '\u007f'))
    return 'a name must not hold control characters.';
  if (isGitFolder(name)) return 'a name that some systems take for .git is not allowed.';
  return null;
}

/** `.git` as case-folding, HFS+ (ignored characters) and NTFS (short names, trailing dots, streams) would see it. */
function isGitFolder(name: string): boolean {
  const plain = name
    .replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '')
    .replace(/:.*$/, '')
    .replace(/[. ]+$/, '')
    .toLowerCase();
  return plain === '.git' || /^git~\d+$/.test(plain);
}

/** A path as one harmless line: control and invisible characters are shown, not sent to a terminal. */
function printable(path: string): string {
  const shown = path.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return shown.slice(0, 1024);
}
