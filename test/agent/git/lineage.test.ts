// How a tip stands to what was applied, over real histories and a real server; and what a lying one achieves.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parentsOf } from '../../../agent/git/commit.ts';
import { showLineage } from '../../../agent/git/lineage.ts';
import { createObjectStore } from '../../../agent/git/objects/object-store.ts';
import type { Source } from '../../../agent/git/source.ts';
import type { HistoryWanted } from '../../../agent/git/upstream.ts';
import { git } from '../../../scripts/git-repository.ts';
import { commitFiles, makeFleet, never, readRaw, scratch, serve, sourceOf, writeCommit } from './repository.ts';

async function fleetOf(commits: number) {
  const fleet = await makeFleet({ 'fleet.yaml': 'labels: {}\n' });
  const made = [fleet.commit];
  for (let index = 1; index < commits; index++)
    made.push(await commitFiles(fleet.folder, { 'fleet.yaml': `labels: { n: "${index}" }\n` }));
  const { url } = await serve({ root: fleet.root });
  const stateDir = scratch();
  return { ...fleet, made, url: `${url}/fleet`, source: sourceOf(`${url}/fleet`, { stateDir }) };
}

/** The tip of main against `since`: the relation, and the commits in between. */
async function standing(source: Source, since: string | null, every = false) {
  const tip = await source.poll(never);
  if (tip === null) throw new Error('there is no tip');
  const { relation, commits, tag } = await source.lineage(tip, since, every, never);
  return { relation, commits: commits.map(({ oid }) => oid), tag };
}

/** An agent that has applied `commit`. */
async function apply(source: Source, commit: string): Promise<void> {
  await source.load(commit, ['fleet.yaml'], never);
}

describe('a tip', () => {
  it('is the first when nothing was applied, and the same when it was', async () => {
    const { source, made } = await fleetOf(2);
    expect(await standing(source, null)).toEqual({ relation: 'first', commits: [made[1]], tag: null });
    expect((await standing(source, made[1] ?? '')).relation).toBe('same');
  });

  it('descends by one commit, and by many that were never seen', async () => {
    const { source, made, folder } = await fleetOf(1);
    const [first = ''] = made;
    await apply(source, first);
    const second = await commitFiles(folder, { 'fleet.yaml': 'labels: { a: b }\n' });
    expect(await standing(source, first)).toEqual({ relation: 'descends', commits: [second], tag: null });
    for (let index = 0; index < 30; index++)
      await git(folder, 'commit', '--quiet', '--allow-empty', `--message=${index}`);
    const between = (await git(folder, 'rev-list', `${first}..HEAD`)).split('\n');
    expect(between).toHaveLength(31);
    for (const every of [false, true]) expect((await standing(source, first, every)).commits).toEqual(between);
  });

  it('descends over a merge, with every commit of the side line', async () => {
    const { source, made, folder } = await fleetOf(3);
    const [, second = '', third = ''] = made;
    await git(folder, 'switch', '--quiet', '--create=side', second);
    await commitFiles(folder, { 'side.txt': '1' });
    await commitFiles(folder, { 'side.txt': '2' });
    await git(folder, 'switch', '--quiet', 'main');
    await apply(source, third);
    await git(folder, 'merge', '--quiet', '--no-ff', '--message=merge', 'side');
    const between = (await git(folder, 'rev-list', `${third}..HEAD`)).split('\n');
    expect(between).toHaveLength(3);
    const found = await standing(source, third, true);
    expect(found.relation).toBe('descends');
    expect([...found.commits].sort()).toEqual([...between].sort());
  });

  it('descends although clocks ran backwards', async () => {
    const { source, made, folder } = await fleetOf(1);
    await apply(source, made[0] ?? '');
    const tree = await git(folder, 'rev-parse', 'HEAD^{tree}');
    let head = made[0] ?? '';
    for (const unixTime of [1_000_000_000, 900_000_000, 1_900_000_000, 0]) {
      head = writeCommit(folder, tree, [head], unixTime);
      await git(folder, 'update-ref', 'refs/heads/main', head);
    }
    expect((await standing(source, made[0] ?? '')).relation).toBe('descends');
    expect((await standing(source, made[0] ?? '')).commits).toHaveLength(4);
  });

  it('is behind after a rewind, however far', async () => {
    const { source, made, folder } = await fleetOf(40);
    await apply(source, made[39] ?? '');
    for (const to of [38, 20, 0]) {
      await git(folder, 'reset', '--quiet', '--hard', made[to] ?? '');
      expect((await standing(source, made[39] ?? '')).relation).toBe('behind');
    }
  });

  it('stands apart after a force push', async () => {
    const { source, made, folder } = await fleetOf(3);
    await apply(source, made[2] ?? '');
    await git(folder, 'reset', '--quiet', '--hard', made[1] ?? '');
    await commitFiles(folder, { 'fleet.yaml': 'labels: { other: x }\n' });
    expect((await standing(source, made[2] ?? '')).relation).toBe('apart');
  });

  it('stands apart when the server forgot what was applied, and when it never knew it', async () => {
    const { source, made, folder } = await fleetOf(3);
    await apply(source, made[2] ?? '');
    await git(folder, 'reset', '--quiet', '--hard', made[1] ?? '');
    await commitFiles(folder, { 'fleet.yaml': 'labels: { other: x }\n' });
    await git(folder, 'reflog', 'expire', '--expire=now', '--all');
    await git(folder, 'gc', '--quiet', '--prune=now');
    expect((await standing(source, made[2] ?? '')).relation).toBe('apart');
    expect((await standing(source, '1'.repeat(40))).relation).toBe('apart');
  });

  it('brings its annotated tag, whose bytes are those that git has', async () => {
    const { made, folder, url } = await fleetOf(2);
    await git(folder, 'tag', '--annotate', '--message=one', 'v1');
    const source = sourceOf(url, { ref: 'v1' });
    for (const since of [null, made[0] ?? '']) {
      const { tag } = await standing(source, since);
      expect(Buffer.from(tag ?? []).toString()).toBe(await readRaw(folder, 'tag', 'v1'));
    }
  });

  it('is unrelated to another repository', async () => {
    const one = await fleetOf(1);
    const other = await fleetOf(2);
    await commitFiles(one.folder, { 'only-here.txt': 'x' });
    expect((await standing(other.source, await git(one.folder, 'rev-parse', 'HEAD'))).relation).toBe('apart');
  });
});

describe('a server that lies', () => {
  it('about descent convinces nobody: only the commits count', async () => {
    const { made, folder } = await fleetOf(3);
    const { objects, fetchFrom } = lying(folder, () => true);
    const tip = { commit: made[0] ?? '', name: 'main', tag: null };
    const lineage = await showLineage({ tip, since: made[2] ?? '', every: false, objects, fetch: fetchFrom });
    expect(lineage.relation).toBe('behind');
  });

  it('by leaving out a side line is found out where every commit has to be seen', async () => {
    const { made, folder } = await fleetOf(2);
    await git(folder, 'switch', '--quiet', '--orphan', 'side');
    const hidden = await commitFiles(folder, { 'side.txt': 'nobody signed this' });
    await git(folder, 'switch', '--quiet', 'main');
    await git(folder, 'merge', '--quiet', '--no-ff', '--allow-unrelated-histories', '--message=merge', 'side');
    const tip = { commit: await git(folder, 'rev-parse', 'HEAD'), name: 'main', tag: null };
    const { objects, fetchFrom } = lying(folder, (oid) => oid !== hidden);
    const given = { tip, since: made[1] ?? '', objects, fetch: fetchFrom };
    expect((await showLineage({ ...given, every: false })).relation).toBe('descends');
    await expect(showLineage({ ...given, every: true })).rejects.toMatchObject({
      code: 'VerificationError',
      message: expect.stringContaining(hidden.slice(0, 12)),
    });
  });
});

/** Says yes to everything, and brings all commits behind the wanted one but those that `shown` leaves out. */
function lying(folder: string, shown: (oid: string) => boolean) {
  const objects = createObjectStore(join(scratch(), 'git'), 1024 * 1024);
  const fetchFrom = async ({ commit, since }: HistoryWanted): Promise<boolean> => {
    const queue = new Set([commit]);
    for (const oid of queue) {
      if (oid === since || !shown(oid)) continue;
      const bytes = Buffer.from(await readRaw(folder, 'commit', oid));
      await objects.keep({ oid, type: 'commit', bytes });
      for (const parent of parentsOf(bytes)) queue.add(parent);
    }
    return true;
  };
  return { objects, fetchFrom };
}
