import { describe, expect, it } from 'vitest';
import type { HostImage } from '../../../agent/docker/images.ts';
import type { PullOptions } from '../../../agent/docker/pull.ts';
import { createImages, type ImagesParts } from '../../../agent/images/images.ts';
import { createPulls, quietMs } from '../../../agent/images/pulls.ts';
import { diskNeed, diskPressure, lackOf, reserveFor, roomOf } from '../../../agent/images/room.ts';
import { heldChains, transfers } from '../../../agent/images/transfer.ts';
import { judgeImages } from '../../../agent/images/unused.ts';
import { chooseManifest, layersOf } from '../../../agent/registry/image-layers.ts';
import type { BroughtImage } from '../../../agent/store/store.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import type { Plan } from '../../../fleet/model/plan.ts';
import { asStep } from '../../support/steps.ts';

const signal = new AbortController().signal;
const hex = (digit: string): string => `sha256:${digit.repeat(64)}`;
const GB = 1e9;
const MiB = 1024 * 1024;

describe('what pulls transfer', () => {
  const layer = (digit: string, bytes: number) => ({ digest: hex(digit), diffId: `diff ${digit}`, bytes });
  const [base, runtime, app] = [layer('a', 100), layer('b', 20), layer('c', 3)];

  it.each([
    ['an empty host', [], 123],
    ['a host that has the lower layers', [['diff a', 'diff b']], 3],
    ['a host that has the very image', [['diff a', 'diff b', 'diff c']], 0],
    ['a host that has an upper layer on another base only', [['diff z', 'diff b', 'diff c']], 123],
  ])('on %s', (_host, held, bytes) => {
    expect(transfers([[base, runtime, app]], heldChains(held))).toEqual([bytes]);
  });

  it('counts what two images share once, and leaves unknown what is unknown', () => {
    expect(transfers([[base, app], null, [base, runtime]], heldChains([]))).toEqual([103, null, 20]);
  });
});

describe('an image in its registry', () => {
  const manifest = { config: { digest: hex('c') }, layers: [{ digest: hex('1'), size: 7 }] };
  const index = {
    manifests: [
      { digest: hex('7'), platform: { os: 'linux', architecture: 'arm', variant: 'v6' } },
      { digest: hex('8'), platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
      { digest: hex('9'), platform: { os: 'unknown', architecture: 'unknown' } },
    ],
  };
  const registry = (manifests: Readonly<Record<string, unknown>>, config: unknown) => ({
    manifest: async (name: string) => (name in manifests ? Buffer.from(JSON.stringify(manifests[name])) : null),
    blob: async () => Buffer.from(JSON.stringify(config)),
  });
  const config = { rootfs: { diff_ids: [hex('d')] } };
  const linux = { os: 'linux', arch: 'arm' };

  it.each([
    [{ os: 'linux', arch: 'arm', variant: 'v7' }, hex('8')],
    [{ os: 'linux', arch: 'arm', variant: 'v8' }, hex('7')],
    [{ os: 'linux', arch: 'arm' }, hex('7')],
    [{ os: 'linux', arch: 'amd64' }, undefined],
  ])('for %o', (platform, digest) => {
    expect(chooseManifest(index, platform)).toBe(digest);
  });

  it.each([
    ['is read from its manifest', { '1': manifest }, config, [{ digest: hex('1'), bytes: 7, diffId: hex('d') }]],
    [
      'is read through an index',
      { '1': index, [hex('7')]: manifest },
      config,
      [{ digest: hex('1'), bytes: 7, diffId: hex('d') }],
    ],
    ['that is not there is unknown', {}, config, null],
    ['for other platforms is unknown', { '1': { manifests: [] } }, config, null],
    ['whose configuration names other layers is unknown', { '1': manifest }, { rootfs: { diff_ids: [] } }, null],
    ['whose configuration is nonsense is unknown', { '1': manifest }, 'nonsense', null],
    [
      'whose sizes are nonsense is unknown',
      { '1': { ...manifest, layers: [{ digest: hex('1'), size: -1 }] } },
      config,
      null,
    ],
  ])('%s', async (_what, manifests, held, layers) => {
    expect(await layersOf(registry(manifests, held), { tag: '1' }, linux, signal)).toEqual(layers);
  });

  it('is asked for by its digest where the reference has one', async () => {
    const layers = await layersOf(
      registry({ [hex('5')]: manifest }, config),
      { tag: '1', digest: hex('5') },
      linux,
      signal,
    );
    expect(layers).toHaveLength(1);
  });
});

describe('room on a disk', () => {
  it.each([
    [2 * GB, 512 * MiB],
    [32 * GB, 1.6 * GB],
    [4000 * GB, 4096 * MiB],
  ])('of %d bytes keeps %d free', (total, reserve) => {
    expect(reserveFor(total)).toBe(reserve);
  });

  it.each([
    [5 * GB, null],
    [1.6 * GB, null],
    [1.59 * GB, 0],
  ])('with %d bytes free', (freeBytes, lacks) => {
    const lack = lackOf({ folder: '/', freeBytes, totalBytes: 32 * GB }, { needBytes: 0, reserveBytes: null });
    expect(lack?.needBytes ?? null).toBe(lacks);
  });

  it('is judged by what is free after the pulls, unpacked', () => {
    const room = { folder: '/', freeBytes: 4 * GB, totalBytes: 32 * GB };
    expect(lackOf(room, { needBytes: diskNeed(0.8 * GB), reserveBytes: 1 * GB })).toBeNull();
    expect(lackOf(room, { needBytes: diskNeed(0.9 * GB), reserveBytes: 1 * GB })).not.toBeNull();
  });

  it('that lacks is said with all figures and what to do', () => {
    const lack = {
      folder: '/var/lib/docker',
      freeBytes: 2 * GB,
      totalBytes: 8 * GB,
      needBytes: 3.7 * GB,
      reserveBytes: GB,
    };
    const { code, message } = diskPressure(lack, 2);
    expect(`${code}: ${message}`).toMatchInlineSnapshot(
      `"DiskPressure: No room for 2 images that have to be pulled: they need about 3.7 GB, /var/lib/docker has 2.0 GB free, and 1.0 GB are kept free (limits.disk_reserve). What runs goes on running. Free space on the host ("docker system df" shows what the Engine holds), or lower limits.disk_reserve."`,
    );
  });
});

describe('images that nothing uses', () => {
  const host = (id: string, tags: readonly string[], digests: readonly string[] = []): HostImage => ({
    id: hex(id),
    tags,
    digests,
  });
  const ours = (id: string, reference: string, unusedS = 0): BroughtImage => ({ id: hex(id), reference, unusedS });
  const judge = (
    onHost: readonly HostImage[],
    brought: readonly BroughtImage[],
    more: { used?: string[]; named?: string[] } = {},
  ) => {
    const used = new Set((more.used ?? []).map(hex));
    const judged = judgeImages({ brought, onHost, used, named: more.named ?? [], elapsedS: 10 });
    return { ages: judged.brought.map(({ unusedS }) => unusedS), names: judged.unused.map(({ names }) => names) };
  };

  it.each([
    ['has its tag', host('a', ['web:1'], [`web@${hex('d')}`]), 'web:1', [['web:1']]],
    ['has its digest only', host('a', [], [`web@${hex('d')}`]), `web@${hex('d')}`, [[hex('a')]]],
    ['lost its tag to a newer one', host('a', [], [`web@${hex('d')}`]), 'web:1', [[hex('a')]]],
    ['is written in full in the state', host('a', ['web:1']), 'docker.io/library/web:1', [['web:1']]],
    ['has a tag of somebody else', host('a', ['web:1', 'mine:1']), 'web:1', []],
    ['has a digest of another repository', host('a', ['web:1'], [`other@${hex('d')}`]), 'web:1', []],
    ['has another tag of its repository', host('a', ['web:1', 'web:latest']), 'web:1', []],
  ])('one that %s', (_what, image, reference, names) => {
    expect(judge([image], [ours('a', reference)]).names).toEqual(names);
  });

  it.each([
    ['a container runs on it', { used: ['a'] }],
    ['a state names its tag', { named: ['docker.io/library/web:1'] }],
    ['a state names its digest', { named: [`web:0@${hex('d')}`] }],
    ['a state names its id', { named: [hex('a')] }],
    ['a state names the digits of its id', { named: ['a'.repeat(64)] }],
  ])('stays while %s, and its time begins anew', (_why, more) => {
    expect(judge([host('a', ['web:1'], [`web@${hex('d')}`])], [ours('a', 'web:1', 99)], more)).toEqual({
      ages: [0],
      names: [],
    });
  });

  it('age by the time that they were seen, the oldest first; what is gone is forgotten', () => {
    const onHost = [host('a', ['web:1']), host('b', ['web:2'])];
    expect(judge(onHost, [ours('a', 'web:1', 5), ours('b', 'web:2', 50), ours('c', 'web:3')])).toEqual({
      ages: [15, 60],
      names: [['web:2'], ['web:1']],
    });
  });

  it('that were not pulled by this agent are none of its business', () => {
    expect(judge([host('a', ['web:1'])], []).names).toEqual([]);
  });
});

describe('a pull', () => {
  const step = { ...asStep({ kind: 'pull-image' as const, image: 'web:1' }), pullBytes: 45_600_000 };
  function pullsWith(pull: (options: Pick<PullOptions, 'onProgress'>) => Promise<{ id: string; isNew: boolean }>) {
    let brought: readonly BroughtImage[] = [];
    let nowMs = 0;
    let asked = 0;
    const pulls = createPulls({
      images: {
        pull: async (_step, options) => {
          asked++;
          return pull(options);
        },
      },
      store: {
        broughtImages: () => brought,
        putBroughtImages: (images) => {
          brought = images;
        },
      },
      dockerConfig: undefined,
      parallel: 2,
      monotonicMs: () => nowMs,
      random: () => 0.9,
    });
    return {
      ...pulls,
      asked: () => asked,
      brought: () => brought,
      pass: (ms: number) => {
        nowMs += ms;
      },
    };
  }
  const refuse = (message: string) => async (): Promise<never> => {
    throw new HoldfastError('ImagePullFailed', message);
  };

  it('that brought an image is remembered; one that found it on the host is not', async () => {
    let isNew = false;
    const { pull, brought } = pullsWith(async () => ({ id: hex('a'), isNew }));
    await pull(step, signal);
    expect(brought()).toEqual([]);
    isNew = true;
    await pull(step, signal);
    await pull(step, signal);
    expect(brought()).toEqual([{ id: hex('a'), reference: 'web:1', unusedS: 0 }]);
  });

  it('that failed is not tried again at once, and later the longer the more often it fails', async () => {
    const { pull, asked, pass } = pullsWith(refuse('connection refused'));
    const tried = async (): Promise<number> => {
      await expect(pull(step, signal)).rejects.toThrow('connection refused');
      return asked();
    };
    expect([await tried(), await tried()]).toEqual([1, 1]);
    pass(2_000);
    expect([await tried(), await tried()]).toEqual([2, 2]);
    pass(2_000);
    expect(await tried()).toBe(2);
    pass(2_000);
    expect(await tried()).toBe(3);
  });

  it('that a registry refused for too many is left alone for as long as it asks', async () => {
    const { pull, asked, pass } = pullsWith(refuse('toomanyrequests: You have reached your pull rate limit.'));
    await expect(pull(step, signal)).rejects.toThrow();
    pass(59_000);
    await expect(pull(step, signal)).rejects.toThrow();
    expect(asked()).toBe(1);
    pass(1_000);
    await expect(pull(step, signal)).rejects.toThrow();
    expect(asked()).toBe(2);
  });

  it.each([
    ['connection refused', 0],
    ['toomanyrequests: slow down', 60_000],
    ['received unexpected HTTP status: 429 Too Many Requests', 60_000],
    ['toomanyrequests: retry-after: 500ms, allowed: 44000/minute', 500],
    ['Too Many Requests. Retry-After: 120', 120_000],
    ['toomanyrequests, retry after 9999h', 3_600_000],
  ])('refused with "%s"', (message, ms) => {
    expect(quietMs(message)).toBe(ms);
  });

  it('waits for its turn, whoever asked, and leaves when that is given up', async () => {
    const releases: (() => void)[] = [];
    const { pull, asked, progress, comingBytes } = pullsWith(async () => {
      await new Promise<void>((resolve) => releases.push(resolve));
      return { id: hex('a'), isNew: true };
    });
    const patience = new AbortController();
    const [first, second, third, fourth] = [signal, signal, patience.signal, signal].map((each) =>
      pull({ ...step }, each),
    );
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    await turn();
    expect([asked(), progress()]).toEqual([2, 'pulling web:1: 0 B of 45.6 MB, and 3 more']);
    expect(comingBytes()).toBe(4 * diskNeed(45_600_000));
    patience.abort();
    await expect(third).rejects.toThrow('aborted');
    expect(asked()).toBe(2);
    releases[0]?.();
    await first;
    await turn();
    expect(asked()).toBe(3);
    for (const release of releases) release();
    await Promise.all([second, fourth]);
    expect([progress(), comingBytes()]).toEqual([null, 0]);
  });

  it('says how far it is while it runs, and nothing afterwards', async () => {
    const said: (string | null)[] = [];
    const { pull, progress } = pullsWith(async ({ onProgress }) => {
      said.push(progress());
      onProgress?.({ doneBytes: 12_300_000, totalBytes: 20_000_000 });
      said.push(progress());
      return { id: hex('a'), isNew: true };
    });
    await pull(step, signal);
    expect([...said, progress()]).toEqual(['pulling web:1: 0 B of 45.6 MB', 'pulling web:1: 12.3 MB of 45.6 MB', null]);
  });
});

describe('room on the disk', () => {
  it('is judged together with the pulls under way', async () => {
    const { freeBytes } = (await roomOf('/tmp', signal)) ?? { freeBytes: 0 };
    let release: () => void = () => undefined;
    const pulling = new Promise<{ id: string; isNew: boolean }>((resolve) => {
      release = () => resolve({ id: hex('a'), isNew: false });
    });
    const images = createImages({
      images: { pull: () => pulling } as unknown as ImagesParts['images'],
      store: { broughtImages: () => [], putBroughtImages: () => undefined },
      registries: { env: {}, certificates: '/none', dockerConfig: undefined },
      stateDir: '/tmp',
      limits: { pulls: 1, disk_reserve: 0, images_unused_for: 1000 },
      monotonicMs: () => 0,
      random: () => 0,
      log: () => undefined,
    });
    const half = {
      ...asStep({ kind: 'pull-image' as const, image: 'web:1' }),
      pullBytes: freeBytes / diskNeed(1) / 1.6,
    };
    const plan: Plan = { revision: 'a', differences: [], steps: [half], blocked: [] };
    const engine = { version: '1', apiVersion: '1.41', os: 'linux', arch: 'amd64', roots: ['/tmp'] };
    const refused = () => images.refuse(plan, engine, () => [], signal);
    expect(await refused()).toBeNull();
    const pull = images.pull(half, signal);
    expect(await refused()).toMatchObject({ code: 'DiskPressure' });
    release();
    await pull;
    expect(await refused()).toBeNull();
  });
});
