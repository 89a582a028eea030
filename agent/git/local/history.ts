// The commits between two revisions, out of a store on this host: both are walked back by their parents, newest first,
// until everything left is behind the older one. Dates only order the walk: where clocks were wrong, more commits come.
import { HoldfastError } from '../../../fleet/error.ts';
import { committedMs, parentsOf, treeOf } from '../commit.ts';
import type { HistoryWanted, Keep, RawObject } from '../upstream.ts';
import { createHeap } from './heap.ts';
import type { LocalStore } from './store.ts';

const MOST_COMMITS = 100_000;

interface Seen {
  readonly oid: string;
  readonly dateMs: number;
  readonly parents: readonly string[];
  /** Reachable from where the history may end. */
  behind: boolean;
  waiting: boolean;
}

/** As `Upstream.history` says. */
export async function bringHistory(
  store: LocalStore,
  { commit, tag, since }: HistoryWanted,
  keep: Keep,
  signal: AbortSignal,
): Promise<boolean> {
  if (tag !== null) await bring(tag, 'tag');
  const raw = await bring(commit, 'commit');
  const tree = treeOf(raw.object.bytes, commit);
  // Of a commit that was brought before, the tree was too, or is not there to be had.
  if (raw.fresh || (await store.typeOf(tree, signal)) !== null) await bring(tree, 'tree');
  return since === null || since === commit || (await bringSince(store, commit, since, keep, signal));

  async function bring(oid: string, type: string): Promise<{ object: RawObject; fresh: boolean }> {
    const found = await lookUp(store, oid, signal);
    if (found === null) throw await store.missing(oid);
    if (found.object.type !== type)
      throw new HoldfastError('GitContentRefused', `Git object ${oid} is a ${found.object.type}, not a ${type}.`);
    if (found.fresh) await keep(found.object);
    return found;
  }
}

/** `fresh`: it was not brought before. null: it is not to be had. */
export async function lookUp(
  store: LocalStore,
  oid: string,
  signal: AbortSignal,
): Promise<{ object: RawObject; fresh: boolean } | null> {
  const object = await store.read(oid, signal);
  if (object !== null) return { object, fresh: true };
  const held = await store.held(oid);
  return held === null ? null : { object: held, fresh: false };
}

async function bringSince(
  store: LocalStore,
  commit: string,
  since: string,
  keep: Keep,
  signal: AbortSignal,
): Promise<boolean> {
  const seen = new Map<string, Seen>();
  const queue = createHeap<Seen>((one, other) => one.dateMs > other.dateMs);
  let ahead = 0;
  let reached = false;
  let gap: string | null = null;
  await see(since, true);
  await see(commit, false);
  for (let next = queue.take(); next !== null && ahead > 0; next = queue.take()) {
    next.waiting = false;
    if (!next.behind) {
      ahead--;
      reached ||= next.parents.includes(since);
      if (next.oid !== commit) await keepFresh(next.oid);
    }
    for (const parent of next.parents) await see(parent, next.behind);
  }
  // Not another history but one with a piece missing, which an earlier bundle brings.
  if (!reached && gap !== null && store.incremental) throw await store.missing(gap);
  return reached;

  async function see(oid: string, behind: boolean): Promise<void> {
    const known = seen.get(oid);
    if (known !== undefined) {
      if (!behind || known.behind) return;
      known.behind = true;
      if (known.waiting) ahead--;
      return;
    }
    if (seen.size >= MOST_COMMITS)
      throw new HoldfastError('GitContentRefused', `There are more than ${MOST_COMMITS} commits behind ${commit}.`);
    const found = await lookUp(store, oid, signal);
    const raw = found?.object.type === 'commit' ? found.object.bytes : null;
    const each: Seen = {
      oid,
      dateMs: raw === null ? 0 : (committedMs(raw) ?? 0),
      parents: raw === null || store.boundary.has(oid) ? [] : parentsOf(raw),
      behind,
      // What is not there has no parents to follow and nothing to keep.
      waiting: raw !== null,
    };
    seen.set(oid, each);
    if (!each.waiting && !behind) gap ??= oid;
    if (!each.waiting) return;
    queue.put(each);
    if (!behind) ahead++;
  }

  async function keepFresh(oid: string): Promise<void> {
    const found = await lookUp(store, oid, signal);
    if (found?.fresh) await keep(found.object);
  }
}
