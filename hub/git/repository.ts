// The Git repository that a folder is the top of: where its objects are, and what is committed. Reads only.
import fs from 'node:fs';
import { join, resolve } from 'node:path';
import git from 'isomorphic-git';
import { type SourceFile, TEXT_BYTES } from '../../fleet/model/source.ts';

const ROOT_FILES = 100_000;
const DEPTH_MAX = 64;

export interface Commit {
  /** A file or folder, whole; empty: it is not in the commit. */
  read(path: string): Promise<CommittedRoot>;
  /** Names of folders in a folder. */
  folders(path: string): Promise<readonly string[]>;
}

export interface CommittedRoot {
  readonly files: readonly SourceFile[];
  /** Git tree id of every folder, by path. */
  readonly trees: ReadonlyMap<string, string>;
}

/** null: the folder is not the top of a Git repository. */
export function gitDirOf(folder: string): string | null {
  const dot = join(folder, '.git');
  const stats = fs.statSync(dot, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (stats.isDirectory()) return dot;
  // A linked work tree: its objects are in the repository that it belongs to.
  const [, linked] = /^gitdir: (.+)$/m.exec(fs.readFileSync(dot, 'utf8')) ?? [];
  if (linked === undefined) return null;
  const own = resolve(folder, linked.trim());
  const common = join(own, 'commondir');
  return fs.existsSync(common) ? resolve(own, fs.readFileSync(common, 'utf8').trim()) : own;
}

/** null: the commit is not in this repository. */
export async function openCommit(gitdir: string, commit: string): Promise<Commit | null> {
  const repository = { fs, gitdir, cache: {} };
  const top = await treeOf(repository, commit);
  if (top === null) return null;
  return {
    async read(path) {
      const found: Found = { files: [], trees: new Map() };
      const at = path === '' ? { oid: top, mode: FOLDER } : await entryAt(repository, top, path);
      if (at !== null) await readAt(repository, path, at, found, 0);
      return found;
    },
    async folders(path) {
      const at = await entryAt(repository, top, path);
      if (at?.mode !== FOLDER) return [];
      const { tree } = await git.readTree({ ...repository, oid: at.oid });
      return tree.filter(({ type }) => type === 'tree').map((entry) => entry.path);
    },
  };
}

type Repository = { readonly fs: typeof fs; readonly gitdir: string; readonly cache: object };
type Entry = { readonly oid: string; readonly mode: string };
type Found = { readonly files: SourceFile[]; readonly trees: Map<string, string> };

const FOLDER = '040000';

async function treeOf(repository: Repository, commit: string): Promise<string | null> {
  try {
    const { commit: read } = await git.readCommit({ ...repository, oid: commit });
    return read.tree;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'NotFoundError') return null;
    throw error;
  }
}

async function entryAt(repository: Repository, top: string, path: string): Promise<Entry | null> {
  let at: Entry = { oid: top, mode: FOLDER };
  for (const name of path.split('/')) {
    if (at.mode !== FOLDER) return null;
    const { tree } = await git.readTree({ ...repository, oid: at.oid });
    const next = tree.find((entry) => entry.path === name);
    if (next === undefined) return null;
    at = next;
  }
  return at;
}

/** Links and submodules never reach a device. */
async function readAt(repository: Repository, path: string, at: Entry, found: Found, depth: number): Promise<void> {
  if (at.mode === FOLDER) {
    if (depth > DEPTH_MAX) throw new Error(`folders are nested deeper than ${DEPTH_MAX}, at ${path}`);
    found.trees.set(path, at.oid);
    const { tree } = await git.readTree({ ...repository, oid: at.oid });
    for (const entry of tree)
      await readAt(repository, path === '' ? entry.path : `${path}/${entry.path}`, entry, found, depth + 1);
    return;
  }
  if (at.mode !== '100644' && at.mode !== '100755') return;
  if (found.files.length >= ROOT_FILES) throw new Error(`more than ${ROOT_FILES} files below one folder, at ${path}`);
  const { blob } = await git.readBlob({ ...repository, oid: at.oid });
  const file = { path, mode: at.mode, oid: at.oid, size: blob.byteLength } as const;
  found.files.push(blob.byteLength > TEXT_BYTES ? file : { ...file, bytes: blob });
}
