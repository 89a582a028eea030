// Parses a raw Git tree object and judges its names: what must not reach a host is named, never written.
// Works on bytes, since a name need not be UTF-8. Pure. Source: gitformat (tree objects), git-fsck (`.git`-like names).
import { HoldfastError } from '../../fleet/error.ts';

export interface TreeEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'symlink' | 'submodule';
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

/** Entries of a tree object whose folder is `folder`. Throws `GitContentRefused` for a name that no host may get. */
export function parseTree(raw: Uint8Array, folder: string): readonly TreeEntry[] {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space + 1);
    if (space < 0 || end < 0 || end + 21 > bytes.length) throw refused(folder, 'its tree object is malformed');
    const mode = bytes.toString('latin1', at, space);
    const name = decodeName(bytes.subarray(space + 1, end), folder);
    const kind = KINDS[mode];
    if (kind === undefined) throw refused(join(folder, name), `its Git mode ${mode} is not a file or a folder`);
    const oid = bytes.toString('hex', end + 1, end + 21);
    entries.push({ name, kind, mode: mode === '100755' ? '100755' : '100644', oid });
    at = end + 21;
  }
  return entries;
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
  if (entry.kind === 'symlink') throw refused(path, 'it is a symbolic link. Commit the file itself in its place.');
  if (entry.kind === 'submodule')
    throw refused(path, 'it is a submodule. Commit its files, or use a folder of this repository.');
  const problem = nameProblem(entry.name);
  if (problem !== null) throw refused(path, problem);
}

export function refused(path: string, why: string): HoldfastError {
  return new HoldfastError('GitContentRefused', `${printable(path === '' ? '(repository root)' : path)}: ${why}`);
}

export function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function nameProblem(name: string): string | null {
  if (name === '' || name === '.' || name === '..' || name.includes('/')) return 'such a name leaves its folder.';
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

function decodeName(bytes: Uint8Array, folder: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const shown = Buffer.from(bytes).toString('utf8');
    throw refused(join(folder, shown), 'its name is not valid UTF-8. Rename it.');
  }
}

/** A path as one harmless line: control and invisible characters are shown, not sent to a terminal. */
function printable(path: string): string {
  const shown = path.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return shown.slice(0, 1024);
}
