// A fleet repository's folder on disk as a SourceTree, with the object ids that Git would give. Reads files as they
// are, committed or not; writes nothing and runs no program.
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnostic } from '../../fleet/diagnostic.ts';
import { type SourceFile, type SourceTree, TEXT_BYTES } from '../../fleet/model/source.ts';

const FILES_MAX = 200_000;
const DEPTH_MAX = 64;
/** Larger files are refused: they could not be content of a device either. */
const FILE_BYTES = 256 * 1024 * 1024;

export interface WorkTree {
  readonly tree: SourceTree;
  /** What Git or an agent would refuse. */
  readonly faults: readonly Diagnostic[];
}

/** @throws when the folder cannot be read */
export async function readWorkTree(folder: string): Promise<WorkTree> {
  const walk: Walk = { folder, files: new Map(), trees: new Map(), faults: [] };
  await readFolder(walk, '', 0);
  return { tree: { roots: [''], files: walk.files, trees: walk.trees }, faults: walk.faults };
}

interface Walk {
  readonly folder: string;
  readonly files: Map<string, SourceFile>;
  readonly trees: Map<string, string>;
  readonly faults: Diagnostic[];
}

/** @returns the tree id; null when Git would not know the folder, as nothing is in it */
async function readFolder(walk: Walk, path: string, depth: number): Promise<string | null> {
  if (depth > DEPTH_MAX) {
    walk.faults.push(fault(path, 'too-deep', `folders are nested deeper than ${DEPTH_MAX}`));
    return null;
  }
  const items: { name: string; mode: string; oid: string }[] = [];
  const entries = await readdir(join(walk.folder, path), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name === '.git') continue;
    const item = await readEntry(walk, path === '' ? entry.name : `${path}/${entry.name}`, entry, depth);
    if (item !== null) items.push({ name: entry.name, ...item });
  }
  if (items.length === 0 && path !== '') return null;
  const oid = treeId(items);
  walk.trees.set(path, oid);
  return oid;
}

async function readEntry(walk: Walk, path: string, entry: Dirent, depth: number) {
  if (entry.isDirectory()) {
    const oid = await readFolder(walk, path, depth + 1);
    return oid === null ? null : { mode: '40000', oid };
  }
  if (entry.isSymbolicLink()) {
    walk.faults.push(fault(path, 'symlink', 'a symbolic link; agents refuse these, so put the file itself here'));
    return null;
  }
  if (!entry.isFile()) return null;
  if (walk.files.size >= FILES_MAX) throw new Error(`more than ${FILES_MAX} files in ${walk.folder}`);
  const file = await readSourceFile(walk, path);
  if (file === null) return null;
  walk.files.set(path, file);
  return { mode: file.mode, oid: file.oid };
}

async function readSourceFile(walk: Walk, path: string): Promise<SourceFile | null> {
  const full = join(walk.folder, path);
  const { mode, size } = await stat(full);
  if (size > FILE_BYTES) {
    walk.faults.push(fault(path, 'too-large', `larger than ${FILE_BYTES / 1024 / 1024} MiB`));
    return null;
  }
  const bytes = await readFile(full);
  const oid = objectId('blob', bytes);
  const file = { path, mode: (mode & 0o100) !== 0 ? '100755' : '100644', oid, size: bytes.byteLength } as const;
  return bytes.byteLength <= TEXT_BYTES ? { ...file, bytes: new Uint8Array(bytes) } : file;
}

/** Git sorts a tree's entries by bytes, a folder as if its name ended in `/`. */
function treeId(items: readonly { name: string; mode: string; oid: string }[]): string {
  const key = ({ name, mode }: { name: string; mode: string }) => Buffer.from(mode === '40000' ? `${name}/` : name);
  const sorted = items.toSorted((a, b) => Buffer.compare(key(a), key(b)));
  const parts = sorted.flatMap(({ name, mode, oid }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
  return objectId('tree', Buffer.concat(parts));
}

function objectId(type: 'blob' | 'tree', bytes: Uint8Array): string {
  return createHash('sha1').update(`${type} ${bytes.byteLength}\0`).update(bytes).digest('hex');
}

function fault(file: string, code: string, message: string): Diagnostic {
  return { severity: 'error', file, line: 0, column: 0, code, message };
}
