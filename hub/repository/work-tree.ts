// A fleet repository's folder on disk, read root by root as a SourceTree with the object ids that Git would give. Reads
// files as they are, committed or not; writes nothing and runs no program. Synchronous: thousands of small files are read
// several times faster so, and nothing else runs in the process meanwhile.
import { createHash } from 'node:crypto';
import { closeSync, type Dirent, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../../fleet/diagnostic.ts';
import { type SourceFile, type SourceTree, TEXT_BYTES } from '../../fleet/model/source.ts';
import { sharedAppsIn } from './devices.ts';

const ROOT_FILES = 100_000;
const DEPTH_MAX = 64;
/** Larger files are refused: they could not be content of a device either. */
const FILE_BYTES = 256 * 1024 * 1024;
/** Files of folders that several devices share are read once, as long as they are not more than this together. */
const SHARED_BYTES = 16 * 1024 * 1024;

export interface WorkTree {
  /** Names of its shared apps. */
  readonly sharedApps: readonly string[];
  /** These files and folders, whole; `faults` are what Git or an agent would refuse in them. */
  load(roots: readonly string[]): { readonly tree: SourceTree; readonly faults: readonly Diagnostic[] };
}

/** `isOwn`: the folder of one device, which is kept until the next device's. */
export function openWorkTree(folder: string, isOwn: (root: string) => boolean): WorkTree {
  const shared = new Map<string, Root>();
  let sharedBytes = 0;
  let own: { readonly path: string; readonly root: Root } | null = null;
  const rootAt = (path: string): Root => {
    const known = own?.path === path ? own.root : shared.get(path);
    if (known !== undefined) return known;
    const root = readRoot(folder, path);
    if (isOwn(path)) own = { path, root };
    else if (sharedBytes + root.bytes <= SHARED_BYTES) {
      shared.set(path, root);
      sharedBytes += root.bytes;
    }
    return root;
  };
  return {
    sharedApps: sharedAppsIn(folder),
    load(roots) {
      const files = new Map<string, SourceFile>();
      const trees = new Map<string, string>();
      const faults: Diagnostic[] = [];
      for (const path of roots) {
        const root = rootAt(path);
        for (const file of root.files) files.set(file.path, file);
        for (const [at, oid] of root.trees) trees.set(at, oid);
        faults.push(...root.faults);
      }
      return { tree: { roots, files, trees }, faults };
    },
  };
}

interface Root {
  readonly files: SourceFile[];
  readonly trees: Map<string, string>;
  readonly faults: Diagnostic[];
  /** Of the files that are read as configuration. */
  bytes: number;
}

interface Walk extends Root {
  readonly folder: string;
}

/** What is not there is empty. */
function readRoot(folder: string, path: string): Root {
  const walk: Walk = { folder, files: [], trees: new Map(), faults: [], bytes: 0 };
  const stats = lstatSync(join(folder, path), { throwIfNoEntry: false });
  if (stats === undefined || linkAbove(walk, path)) return walk;
  if (stats.isSymbolicLink()) walk.faults.push(symlink(path));
  else if (stats.isDirectory()) readFolder(walk, path, 0);
  else if (stats.isFile()) readSourceFile(walk, path);
  return walk;
}

/** A link on the way to a root is one of the repository too. */
function linkAbove(walk: Walk, path: string): boolean {
  const parts = path.split('/');
  const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
  const link = above.find((each) => lstatSync(join(walk.folder, each), { throwIfNoEntry: false })?.isSymbolicLink());
  if (link === undefined) return false;
  walk.faults.push(symlink(link));
  return true;
}

/** @returns the tree id; null when Git would not know the folder, as nothing is in it */
function readFolder(walk: Walk, path: string, depth: number): string | null {
  if (depth > DEPTH_MAX) {
    walk.faults.push(fault(path, 'too-deep', `folders are nested deeper than ${DEPTH_MAX}`));
    return null;
  }
  const items: { name: string; mode: string; oid: string }[] = [];
  const entries = readdirSync(join(walk.folder, path), { withFileTypes: true });
  checkNames(walk, path, entries);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name === '.git') continue;
    const item = readEntry(walk, path === '' ? entry.name : `${path}/${entry.name}`, entry, depth);
    if (item !== null) items.push({ name: entry.name, ...item });
  }
  if (items.length === 0 && path !== '') return null;
  const oid = treeId(items);
  walk.trees.set(path, oid);
  return oid;
}

/** Names that would meet on a host which folds case or Unicode forms. */
function checkNames(walk: Walk, path: string, entries: readonly Dirent[]): void {
  const seen = new Map<string, string>();
  for (const { name } of entries) {
    const folded = name.normalize('NFC').toLowerCase().normalize('NFC');
    const other = seen.get(folded);
    if (other !== undefined) {
      const what = `differs from "${other}" only in case or Unicode form; agents refuse that, so rename one of them`;
      walk.faults.push(fault(path === '' ? name : `${path}/${name}`, 'case', what));
    }
    seen.set(folded, name);
  }
}

function readEntry(walk: Walk, path: string, entry: Dirent, depth: number) {
  if (entry.isDirectory()) {
    const oid = readFolder(walk, path, depth + 1);
    return oid === null ? null : { mode: '40000', oid };
  }
  if (entry.isSymbolicLink()) {
    walk.faults.push(symlink(path));
    return null;
  }
  if (!entry.isFile()) return null;
  if (walk.files.length >= ROOT_FILES) throw new Error(`more than ${ROOT_FILES} files below one folder, at ${path}`);
  const file = readSourceFile(walk, path);
  return file === null ? null : { mode: file.mode, oid: file.oid };
}

function readSourceFile(walk: Walk, path: string): SourceFile | null {
  const full = join(walk.folder, path);
  const { mode, size } = lstatSync(full);
  if (size > FILE_BYTES) {
    walk.faults.push(fault(path, 'too-large', `larger than ${FILE_BYTES / 1024 / 1024} MiB`));
    return null;
  }
  const named = { path, mode: (mode & 0o100) !== 0 ? '100755' : '100644' } as const;
  let file: SourceFile;
  if (size > TEXT_BYTES) file = { ...named, oid: blobIdOf(full, size), size };
  else {
    const bytes = readFileSync(full);
    file = { ...named, oid: objectId('blob', bytes), size: bytes.byteLength, bytes: new Uint8Array(bytes) };
    walk.bytes += bytes.byteLength;
  }
  walk.files.push(file);
  return file;
}

/** Of a file that need not be held whole. */
function blobIdOf(full: string, size: number): string {
  const hash = createHash('sha1').update(`blob ${size}\0`);
  const descriptor = openSync(full, 'r');
  try {
    const part = Buffer.alloc(1024 * 1024);
    for (let read = readSync(descriptor, part); read > 0; read = readSync(descriptor, part))
      hash.update(part.subarray(0, read));
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
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

function symlink(path: string): Diagnostic {
  return fault(path, 'symlink', 'a symbolic link; agents refuse these, so put the file itself here');
}

function fault(file: string, code: string, message: string): Diagnostic {
  return { severity: 'error', file, line: 0, column: 0, code, message };
}
