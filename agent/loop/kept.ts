// Commits that matter beyond the moment: whose objects must stay at hand without a network, and behind which nothing goes.
import { commitOf } from '../../fleet/names.ts';
import type { Store } from '../store/store.ts';

export function keptCommits(store: Pick<Store, 'snapshot' | 'applied'>): readonly string[] {
  const revisions = [store.snapshot('accepted')?.revision, store.snapshot('last_good')?.revision, store.applied()];
  const commits = revisions.map((revision) => commitOf(revision ?? null)).filter((commit) => commit !== null);
  return [...new Set(commits)];
}

/** The commit behind which nothing goes: what was accepted last, and so may have begun to run; null: nothing was, or there is no state yet. */
export function floorCommit(store: Pick<Store, 'snapshot' | 'applied'> | null): string | null {
  return commitOf(store?.snapshot('accepted')?.revision ?? store?.applied() ?? null);
}
