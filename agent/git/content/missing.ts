// Which objects are missing for the roots of a commit: what is held is walked, and where it ends stands what has to be
// fetched. Asks for as little as can be known: single trees on the way to a root, and below a root those that changed.
import { HoldfastError } from '../../../fleet/error.ts';
import { treeOf } from '../commit.ts';
import { ObjectMissing, type ObjectStore } from '../objects/object-store.ts';
import { join, judgeEntry, judgeFolder, MAX_DEPTH, parseTree, refused, splitPath, type TreeEntry } from './tree.ts';
import { createTally } from './walk.ts';

/** Where shared apps lie by custom, each in a folder of its own. */
export const SHARED_FOLDER = 'apps';

export interface Missing {
  /** Single trees. */
  readonly trees: ReadonlySet<string>;
  /** Blobs, and trees of which nothing is held: with everything below. */
  readonly whole: ReadonlySet<string>;
}

/**
 * `bases`: commits that are held, for whatever they hold of the same paths; below those only what differs is fetched.
 * Throws `GitContentRefused` for what must not reach the host, as far as it is seen.
 */
export async function findMissing(given: {
  readonly objects: ObjectStore;
  readonly commit: string;
  readonly roots: readonly string[];
  readonly bases: readonly string[];
  readonly signal: AbortSignal;
}): Promise<Missing> {
  const { objects, signal } = given;
  const trees = new Set<string>();
  const whole = new Set<string>();
  const seen = new Set<string>();
  const count = createTally();
  const heldBefore = await pathsOfBases(objects, given.bases);
  const top = treeOf(await objects.read(given.commit, 'commit'), given.commit);
  for (const root of given.roots) await walkRoot(splitPath(root));
  return { trees, whole };

  async function walkRoot(parts: readonly string[]): Promise<void> {
    let folder = '';
    let oid = top;
    for (const [index, part] of parts.entries()) {
      signal.throwIfAborted();
      const entries = await listHeld(objects, oid, folder);
      if (entries === null) {
        // Of a shared app what it refers to lies beside it: one request instead of one for each step.
        const app = index === 2 && parts[0] === SHARED_FOLDER && !(await heldBefore(folder));
        return void (app ? whole : trees).add(oid);
      }
      const entry = entries.find(({ name }) => name === part);
      if (entry === undefined) return;
      judgeEntry(entry, folder);
      folder = join(folder, part);
      if (entry.kind === 'file') return index === parts.length - 1 ? await needBlob(entry.oid) : undefined;
      oid = entry.oid;
    }
    await needFolder(folder, oid, 0);
  }

  async function needFolder(folder: string, oid: string, depth: number): Promise<void> {
    if (seen.has(`${folder}\0${oid}`)) return;
    seen.add(`${folder}\0${oid}`);
    signal.throwIfAborted();
    if (depth > MAX_DEPTH) throw refused(folder, `folders are nested deeper than ${MAX_DEPTH}.`);
    const entries = await listHeld(objects, oid, folder);
    if (entries === null) {
      // Of a folder that was held before, most is held still: its tree says what is not.
      (folder === '' || (await heldBefore(folder)) ? trees : whole).add(oid);
      return;
    }
    judgeFolder(entries, folder);
    count(entries.length, folder);
    for (const entry of entries) {
      if (entry.kind === 'folder') await needFolder(join(folder, entry.name), entry.oid, depth + 1);
      else await needBlob(entry.oid);
    }
  }

  async function needBlob(oid: string): Promise<void> {
    if (!(await objects.has(oid))) whole.add(oid);
  }
}

/** The tree of a folder at the top of a commit, when it is there and not held. */
export async function missingTop(objects: ObjectStore, commit: string, name: string): Promise<string | null> {
  const top = treeOf(await objects.read(commit, 'commit'), commit);
  const entry = (await listHeld(objects, top, ''))?.find((each) => each.name === name && each.kind === 'folder');
  return entry === undefined || (await objects.has(entry.oid)) ? null : entry.oid;
}

/** Was there, in any of the bases, a folder at this path that is held? */
async function pathsOfBases(
  objects: ObjectStore,
  bases: readonly string[],
): Promise<(folder: string) => Promise<boolean>> {
  const tops: string[] = [];
  for (const base of bases) {
    const raw = await orMissing(objects.read(base, 'commit'));
    if (raw !== null) tops.push(treeOf(raw, base));
  }
  return async (folder) => {
    for (const top of tops) if (await holds(objects, top, folder)) return true;
    return false;
  };
}

async function holds(objects: ObjectStore, top: string, folder: string): Promise<boolean> {
  let oid = top;
  for (const part of folder.split('/')) {
    const entries = await listHeld(objects, oid, '').catch((error: unknown) => {
      // What was refused then is not a folder to build on.
      if (error instanceof HoldfastError && error.code === 'GitContentRefused') return null;
      throw error;
    });
    const entry = entries?.find(({ name, kind }) => name === part && kind === 'folder');
    if (entry === undefined) return false;
    oid = entry.oid;
  }
  return await objects.has(oid);
}

/** null: the tree is not held. */
async function listHeld(objects: ObjectStore, oid: string, folder: string): Promise<readonly TreeEntry[] | null> {
  const raw = await orMissing(objects.read(oid, 'tree'));
  return raw === null ? null : parseTree(raw, folder);
}

async function orMissing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ObjectMissing) return null;
    throw error;
  }
}
