// Bundles that were made by git, one after the other on a device that no network reaches.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSource } from '../../../agent/git/create-source.ts';
import { git } from '../../../scripts/git-repository.ts';
import { commitFiles, makeFleet, never, scratch } from './repository.ts';

/** Four commits, and bundles of some of them: `2` up to the second, `3-4` the third and fourth alone. */
async function makeBundles() {
  const fleet = await makeFleet({ 'fleet.yaml': 'labels: { n: "1" }\n' });
  const commits = [fleet.commit];
  for (const n of ['2', '3', '4'])
    commits.push(await commitFiles(fleet.folder, { 'fleet.yaml': `labels: { n: "${n}" }\n` }));
  const folder = scratch();
  const bundle = async (name: string, upTo: string, ...without: readonly string[]) => {
    await git(fleet.folder, 'update-ref', 'refs/heads/main', upTo);
    const path = join(folder, `${name}.bundle`);
    await git(fleet.folder, 'bundle', 'create', '--quiet', path, 'main', ...without.map((each) => `^${each}`));
    return path;
  };
  const [, second = '', third = '', fourth = ''] = commits;
  return {
    second,
    fourth,
    two: await bundle('2', second),
    gap: await bundle('3-4', fourth, third),
    next: await bundle('2-4', fourth, second),
    whole: await bundle('4', fourth),
  };
}

function makeDevice() {
  const options = { url: 'import:', ref: 'main', allowHttp: false, timeoutMs: 20_000, maxBytes: 1024 * 1024 };
  const source = createSource({ ...options, stateDir: scratch() });
  return {
    async take(path: string, since: string | null) {
      const bundle = source.bundle(path);
      const tip = await bundle.poll(never);
      if (tip === null) throw new Error('the bundle has no tip');
      const { relation } = await bundle.lineage(tip, since, false, never);
      const tree = await bundle.load(tip.commit, ['fleet.yaml'], never);
      bundle.close();
      return { relation, commit: tip.commit, text: Buffer.from(tree.files.get('fleet.yaml')?.bytes ?? []).toString() };
    },
  };
}

describe('a device that is fed by bundles', () => {
  it('goes from one to the next that builds on it', async () => {
    const { two, next, second, fourth } = await makeBundles();
    const device = makeDevice();
    expect(await device.take(two, null)).toMatchObject({ relation: 'first', commit: second });
    const taken = await device.take(next, second);
    expect(taken).toEqual({ relation: 'descends', commit: fourth, text: 'labels: { n: "4" }\n' });
  });

  it('says which commit a bundle with a gap needs, and not that history was rewritten', async () => {
    const { two, gap, second } = await makeBundles();
    const device = makeDevice();
    await device.take(two, null);
    await expect(device.take(gap, second)).rejects.toMatchObject({
      code: 'GitContentRefused',
      message: expect.stringContaining('needs an earlier bundle'),
    });
  });

  it('takes a whole one after that', async () => {
    const { two, gap, whole, second, fourth } = await makeBundles();
    const device = makeDevice();
    await device.take(two, null);
    await device.take(gap, second).catch(() => undefined);
    expect(await device.take(whole, second)).toMatchObject({ relation: 'descends', commit: fourth });
  });

  it('knows an older one', async () => {
    const { two, next, second, fourth } = await makeBundles();
    const device = makeDevice();
    await device.take(two, null);
    await device.take(next, second);
    expect((await device.take(two, fourth)).relation).toBe('behind');
  });
});
