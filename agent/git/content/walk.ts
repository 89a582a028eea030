// Builds the SourceTree of a commit by walking its trees along the roots only. Never checks out, never writes.
// Everything in a root is judged here: what must not reach a host is refused with its path.
import { type SourceFile, type SourceTree, TEXT_BYTES } from '../../../fleet/model/source.ts';
import { treeOf } from '../commit.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { join, judgeEntry, judgeFolder, MAX_DEPTH, parseTree, refused, splitPath, type TreeEntry } from './tree.ts';

/** Of files and folders together: one folder may stand in many places, and is walked in each. */
export const MAX_FILES = 10_000;
const LFS = Buffer.from('version https://git-lfs.github.com/spec/');

/** Throws `GitContentRefused`; what `objects` throws passes through. */
export async function walkCommit(given: {
  objects: ObjectStore;
  commit: string;
  roots: readonly string[];
  maxBytes: number;
  signal: AbortSignal;
}): Promise<SourceTree> {
  const { objects, signal } = given;
  const files = new Map<string, SourceFile>();
  const trees = new Map<string, string>();
  const count = createTally();
  let total = 0;
  const rootTree = treeOf(await objects.read(given.commit, 'commit'), given.commit);
  for (const root of given.roots) await walkRoot(root);
  return { roots: given.roots, files, trees };

  async function walkRoot(root: string): Promise<void> {
    const parts = splitPath(root);
    let folder = '';
    let oid = rootTree;
    for (const [index, part] of parts.entries()) {
      signal.throwIfAborted();
      const entry = (await listTree(oid, folder)).find((each) => each.name === part);
      if (entry === undefined) return;
      judgeEntry(entry, folder);
      folder = join(folder, part);
      if (entry.kind === 'file') {
        if (index < parts.length - 1 || files.has(folder)) return;
        count(1, folder);
        return await addFile(folder, entry);
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
    count(entries.length, folder);
    trees.set(folder, oid);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.kind === 'folder') await addFolder(path, entry.oid, depth + 1);
      else await addFile(path, entry);
    }
  }

  async function addFile(path: string, entry: TreeEntry): Promise<void> {
    if (files.has(path)) return;
    const { size, first } = await objects.head(entry.oid);
    total += size;
    if (total > given.maxBytes)
      throw refused(path, `with it the loaded folders hold more than ${given.maxBytes} bytes (limits.source_bytes).`);
    if (LFS.equals(first.subarray(0, LFS.length)))
      throw refused(path, 'it is a Git LFS pointer; the file itself is not in the repository. Commit it without LFS.');
    const file = { path, mode: entry.mode, oid: entry.oid, size };
    // Larger ones are checked against their ids when they are read to be written.
    files.set(path, size > TEXT_BYTES ? file : { ...file, bytes: await objects.read(entry.oid, 'blob') });
  }

  async function listTree(oid: string, folder: string): Promise<readonly TreeEntry[]> {
    return parseTree(await objects.read(oid, 'tree'), folder);
  }
}

/** Counts what is walked. Throws `GitContentRefused` with the path that goes beyond `MAX_FILES`. */
export function createTally(): (entries: number, path: string) => void {
  let counted = 0;
  return (entries, path) => {
    counted += entries;
    if (counted > MAX_FILES)
      throw refused(path, `with it the loaded folders hold more than ${MAX_FILES} files and folders.`);
  };
}
