// What of the held objects some commits reach: themselves, their trees and blobs, and of their ancestors the commits. Judges nothing: a
// commit that nobody should have made must not keep what lies beside it from being collected.
import { parentsOf, treeOf } from '../commit.ts';
import { parseTree } from '../content/tree.ts';
import { ObjectMissing, type ObjectStore } from './object-store.ts';

/** A commit is a block on disk. */
const MOST_ANCESTORS = 256;

export async function reachable(objects: ObjectStore, commits: readonly string[]): Promise<ReadonlySet<string>> {
  const live = new Set<string>();
  // A set grows while it is walked: this is a queue of what was not seen yet.
  const queue = new Set(commits);
  for (const oid of queue) {
    const found = await objects.find(oid).catch((error: unknown) => {
      // Damaged, and removed for it.
      if (error instanceof ObjectMissing) return null;
      throw error;
    });
    if (found === null) continue;
    live.add(oid);
    if (found.type === 'commit') {
      leniently(() => queue.add(treeOf(found.bytes, oid)));
      await addAncestors(found.bytes);
    }
    if (found.type !== 'tree') continue;
    leniently(() => {
      for (const entry of parseTree(found.bytes, '')) {
        if (entry.kind === 'folder') queue.add(entry.oid);
        else live.add(entry.oid);
      }
    });
  }
  return live;

  /** Commits alone, as far as they are held: by them it is known, without a network too, what would be a step back. */
  async function addAncestors(raw: Uint8Array): Promise<void> {
    const ancestors = new Set(parentsOf(raw));
    for (const oid of ancestors) {
      if (ancestors.size > MOST_ANCESTORS) return;
      const found = await objects.find(oid).catch(() => null);
      if (found?.type !== 'commit') continue;
      live.add(oid);
      for (const parent of parentsOf(found.bytes)) ancestors.add(parent);
    }
  }
}

function leniently(read: () => unknown): void {
  try {
    read();
  } catch {
    // Malformed: it is refused where it is used, and leads nowhere here.
  }
}
