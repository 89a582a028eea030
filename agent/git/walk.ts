// Builds the SourceTree of a commit by walking its trees along the roots only. Never checks out, never writes.
// Everything in a root is judged here: what must not reach a host is refused with its path.
import { HoldfastError } from '../../fleet/error.ts';
import { type SourceFile, type SourceTree, TEXT_BYTES } from '../../fleet/model/source.ts';
import type { Objects } from './objects.ts';
import { join, judgeEntry, judgeFolder, parseTree, refused, type TreeEntry } from './tree.ts';

export const MAX_FILES = 10_000;
const MAX_DEPTH = 64;
const LFS = Buffer.from('version https://git-lfs.github.com/spec/');

/** Throws `GitContentRefused`; what `objects` throws passes through. */
export async function walkCommit(given: {
  objects: Objects;
  commit: string;
  roots: readonly string[];
  maxBytes: number;
  signal: AbortSignal;
}): Promise<SourceTree> {
  const { objects, signal } = given;
  const files = new Map<string, SourceFile>();
  const trees = new Map<string, string>();
  let total = 0;
  const rootTree = await treeOf(objects, given.commit);
  for (const root of given.roots) await walkRoot(root);
  return { roots: given.roots, files, trees };

  async function walkRoot(root: string): Promise<void> {
    const parts = splitRoot(root);
    let folder = '';
    let oid = rootTree;
    for (const [index, part] of parts.entries()) {
      signal.throwIfAborted();
      const entry = (await listTree(oid, folder)).find((each) => each.name === part);
      if (entry === undefined) return;
      judgeEntry(entry, folder);
      folder = join(folder, part);
      if (entry.kind === 'file') {
        if (index === parts.length - 1) await addFile(folder, entry);
        return;
      }
      oid = entry.oid;
    }
    await addFolder(folder, oid, 0);
  }

  async function addFolder(folder: string, oid: string, depth: number): Promise<void> {
    if (trees.has(folder)) return;
    signal.throwIfAborted();
    if (depth > MAX_DEPTH) throw refused(folder, `folders are nested deeper than ${MAX_DEPTH}.`);
    const entries = await listTree(oid, folder);
    judgeFolder(entries, folder);
    // Said before any of them is read.
    if (files.size + entries.length > MAX_FILES) throw tooMany(folder);
    trees.set(folder, oid);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.kind === 'folder') await addFolder(path, entry.oid, depth + 1);
      else await addFile(path, entry);
    }
  }

  async function addFile(path: string, entry: TreeEntry): Promise<void> {
    if (files.has(path)) return;
    if (files.size >= MAX_FILES) throw tooMany(path);
    const bytes = await objects.read(entry.oid, 'blob');
    total += bytes.length;
    if (total > given.maxBytes)
      throw refused(path, `with it the loaded folders hold more than ${given.maxBytes} bytes (limits.source_bytes).`);
    if (LFS.equals(bytes.subarray(0, LFS.length)))
      throw refused(path, 'it is a Git LFS pointer; the file itself is not in the repository. Commit it without LFS.');
    const file = { path, mode: entry.mode, oid: entry.oid, size: bytes.length };
    // A copy: the library's buffer may be a view that keeps a whole pack alive.
    files.set(path, bytes.length > TEXT_BYTES ? file : { ...file, bytes: Uint8Array.from(bytes) });
  }

  async function listTree(oid: string, folder: string): Promise<readonly TreeEntry[]> {
    return parseTree(await objects.read(oid, 'tree'), folder);
  }
}

function tooMany(path: string): HoldfastError {
  return refused(path, `with it the loaded folders hold more than ${MAX_FILES} files.`);
}

async function treeOf(objects: Objects, commit: string): Promise<string> {
  const raw = await objects.read(commit, 'commit');
  const match = /^tree ([0-9a-f]{40})\n/.exec(Buffer.from(raw).toString('latin1', 0, 64));
  if (match?.[1] === undefined) throw new HoldfastError('GitContentRefused', `Commit ${commit} is malformed.`);
  return match[1];
}

function splitRoot(root: string): readonly string[] {
  const parts = root.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refused(root, 'a path must not leave the repository.');
  return parts;
}
