// Commits that matter beyond the moment: whose objects must stay at hand without a network, and behind which nothing goes.
import { commitOf } from '../../fleet/names.ts';
import type { Store } from '../store/store.ts';

export function keptCommits(store: Pick<Store, 'accepted' | 'rollout' | 'applied'>): readonly string[] {
  const { goods, begun, lastGood } = store.rollout();
  const versions = [...goods, ...begun].map(({ revision }) => revision);
  const revisions = [store.accepted()?.revision, ...versions, lastGood, store.applied()];
  const commits = revisions.map((revision) => commitOf(revision ?? null)).filter((commit) => commit !== null);
  return [...new Set(commits)];
}

/** The commit behind which nothing goes: what was accepted last, and so may have begun to run; null: nothing was, or there is no state yet. */
export function floorCommit(store: Pick<Store, 'accepted' | 'applied'> | null): string | null {
  return commitOf(store?.accepted()?.revision ?? store?.applied() ?? null);
}
