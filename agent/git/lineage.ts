// How a tip stands to the commit that was last applied, shown by commit objects alone: each names its parents, and each
// was checked against its id. What a server merely says decides nothing but what to ask for.
import { HoldfastError } from '../../fleet/error.ts';
import { parentsOf } from './commit.ts';
import { ObjectMissing, type ObjectStore } from './objects/object-store.ts';
import type { Lineage, RawCommit, Tip } from './source.ts';
import type { HistoryWanted } from './upstream.ts';
import { ServerRefusal } from './wire/commands.ts';

/** Commits between two revisions. */
const MOST_COMMITS = 100_000;
/** Side lines that began before the last applied commit. */
const MOST_SIDE_LINES = 32;

export interface LineageGiven {
  readonly tip: Tip;
  readonly since: string | null;
  /** Every commit since then has to be at hand, side lines included. */
  readonly every: boolean;
  readonly objects: ObjectStore;
  /** Brings history into `objects`; false: the server sees no way from the one to the other. */
  readonly fetch: (wanted: HistoryWanted) => Promise<boolean>;
}

export async function showLineage({ tip, since, every, objects, fetch }: LineageGiven): Promise<Lineage> {
  const { commit, tag } = tip;
  if (since === null || since === commit) {
    if (!(await hold([commit, tag]))) await fetch({ commit, tag, since: null });
    return await shown(since === null ? 'first' : 'same', [await rawCommit(objects, commit)]);
  }
  let way = await walkBack(objects, commit, since);
  if (!way.reached || !(await hold([tag]))) {
    await fetch({ commit, tag, since });
    way = await walkBack(objects, commit, since);
  }
  if (way.reached) {
    const known = await walkBack(objects, since, null);
    const before = new Set(known.commits.map(({ oid }) => oid));
    const commits = way.commits.filter(({ oid }) => !before.has(oid));
    if (every) await closeSideLines(way.beyond.filter((oid) => oid !== since && !before.has(oid)));
    return await shown('descends', commits);
  }
  const behind = await isBehind();
  if (!(await hold([commit]))) await fetch({ commit, tag, since: null });
  return await shown(behind ? 'behind' : 'apart', [await rawCommit(objects, commit)]);

  async function shown(relation: Lineage['relation'], commits: readonly RawCommit[]): Promise<Lineage> {
    return { relation, commits, tag: tag === null ? null : await objects.read(tag, 'tag') };
  }

  /** Is the tip an ancestor of what was applied? A server that dropped the newer commit cannot show it any more. */
  async function isBehind(): Promise<boolean> {
    if (since === null) return false;
    if ((await walkBack(objects, since, commit)).reached) return true;
    try {
      await fetch({ commit: since, tag: null, since: commit });
    } catch (error) {
      if (isNo(error)) return false;
      throw error;
    }
    return (await walkBack(objects, since, commit)).reached;
  }

  /** A parent that did not come along has to be older than what was applied; otherwise nobody has looked at it. */
  async function closeSideLines(beyond: readonly string[]): Promise<void> {
    for (const [index, oid] of beyond.entries()) {
      const unseen = new HoldfastError(
        'VerificationError',
        `The history of ${tip.name} at ${commit.slice(0, 12)} leads over ${oid.slice(0, 12)}, which the server did not show to be older than the applied commit. With verify.mode every, no commit goes unseen.`,
      );
      if (index >= MOST_SIDE_LINES || since === null) throw unseen;
      if ((await walkBack(objects, since, oid)).reached) continue;
      await fetch({ commit: since, tag: null, since: oid });
      if (!(await walkBack(objects, since, oid)).reached) throw unseen;
    }
  }

  async function hold(oids: readonly (string | null)[]): Promise<boolean> {
    for (const oid of oids) if (oid !== null && !(await objects.has(oid))) return false;
    return true;
  }
}

/** The server answered, and does not have it or does not give it. */
function isNo(error: unknown): boolean {
  return (
    error instanceof HoldfastError &&
    (['GitRefNotFound', 'GitContentRefused'].includes(error.code) || error.cause instanceof ServerRefusal)
  );
}

interface Way {
  readonly reached: boolean;
  /** Newest first by their distance, without `to`. */
  readonly commits: readonly RawCommit[];
  /** Parents that are not held. */
  readonly beyond: readonly string[];
}

/** Walks parents as far as they are held, not beyond `to`. */
async function walkBack(objects: ObjectStore, from: string, to: string | null): Promise<Way> {
  const seen = new Set([from]);
  const commits: RawCommit[] = [];
  const beyond: string[] = [];
  let reached = false;
  // A set grows while it is walked: this is a queue of what was not seen yet.
  for (const oid of seen) {
    if (oid === to) {
      reached = true;
      continue;
    }
    const commit = await rawCommit(objects, oid).catch((error: unknown) => {
      if (error instanceof ObjectMissing) return null;
      throw error;
    });
    if (commit === null) {
      beyond.push(oid);
      continue;
    }
    commits.push(commit);
    if (commits.length > MOST_COMMITS)
      throw new HoldfastError('GitContentRefused', `There are more than ${MOST_COMMITS} commits behind ${from}.`);
    for (const parent of parentsOf(commit.raw)) seen.add(parent);
  }
  return { reached, commits, beyond };
}

async function rawCommit(objects: ObjectStore, oid: string): Promise<RawCommit> {
  return { oid, raw: await objects.read(oid, 'commit') };
}
