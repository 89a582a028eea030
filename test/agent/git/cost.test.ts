// What a device of a fleet of 10,000 pays in requests and bytes, over Git's own http-backend. Counts, not times: the same
// on every machine.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSource } from '../../../agent/git/create-source.ts';
import type { Source, Tip } from '../../../agent/git/source.ts';
import { lsRefs } from '../../../agent/git/wire/commands.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import type { SourceTree } from '../../../fleet/model/source.ts';
import { resolveDevice } from '../../../fleet/repo/resolve.ts';
import { type GitServer, serveGit } from '../../../scripts/git-server.ts';
import { type CountingProxy, startCountingProxy } from '../../bench/git/counting-proxy.ts';
import { changeFiles, DEVICE_PATH, makeLargeFleet } from '../../bench/git/large-fleet.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';
import { never } from './repository.ts';

let folder: TemporaryFolder;
let server: GitServer;
let proxy: CountingProxy;
let repository: string;
let devices = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  repository = join(folder.path, 'fleet.git');
  await makeLargeFleet(repository);
  server = await serveGit({ root: folder.path });
  proxy = await startCountingProxy(server.port);
}, 60_000);

afterAll(async () => {
  await proxy.close();
  await server.close();
  await folder[Symbol.asyncDispose]();
});

function options() {
  const url = `${proxy.url}/fleet.git`;
  return { url, ref: 'main', allowHttp: false, timeoutMs: 20_000, maxBytes: 64 * 1024 ** 2 };
}

/** A device, its connection closed between one look at Git and the next, as it is in life. */
function makeDevice(path: string) {
  let held: string[] = [];
  const stateDir = join(folder.path, `state-${devices++}`);
  const source: Source = createSource({ ...options(), stateDir, held: () => held });
  return {
    async poll(): Promise<Tip> {
      const tip = await source.poll(never);
      if (tip === null) throw new HoldfastError('GitRefNotFound', 'there is no tip');
      return tip;
    },
    /** As the agent does it: poll, history, own folder. */
    async follow() {
      source.close();
      proxy.take();
      const tip = await this.poll();
      await source.lineage(tip, held[0] ?? null, false, never);
      const tree = await source.load(tip.commit, [path, 'fleet.yaml'], never);
      held = [tip.commit];
      await source.retain(held);
      return { tree, ...proxy.take() };
    },
  };
}

function desiredOf(tree: SourceTree) {
  const given = {
    device: 'edge-042007',
    path: DEVICE_PATH,
    revision: 'main@sha1:0',
    tree,
    secrets: new Map(),
    salt: '',
  };
  const resolution = resolveDevice(given);
  return resolution.kind === 'resolved' ? resolution.desired : resolution;
}

describe('one of 10,000 devices', () => {
  it('fetches its folder for the first time in 6 requests and 8 KB at most', async () => {
    const { tree, requests, receivedBytes } = await makeDevice(DEVICE_PATH).follow();
    expect([...tree.files.keys()].sort()).toEqual([
      'fleet.yaml',
      `${DEVICE_PATH}/compose.yaml`,
      `${DEVICE_PATH}/device.yaml`,
    ]);
    expect(requests).toBeLessThanOrEqual(6);
    expect(receivedBytes).toBeLessThanOrEqual(8 * 1024);
  });

  it('fetches a shared app along, still in 6 requests', async () => {
    await changeFiles(repository, [
      ['apps/kiosk/compose.yaml', 'services: { web: { image: "kiosk:1" } }\n'],
      ['apps/kiosk/web.env', 'A=1\n'],
      ['apps/other/compose.yaml', 'services: { other: { image: "other:1" } }\n'],
    ]);
    const source = createSource({ ...options(), stateDir: join(folder.path, 'state-shared') });
    proxy.take();
    const tip = await source.poll(never);
    const commit = tip?.commit ?? '';
    await source.lineage(tip ?? { commit, name: 'main', tag: null }, null, false, never);
    // What the device's own files refer to is known only when they are there.
    await source.load(commit, [DEVICE_PATH, 'fleet.yaml'], never);
    const tree = await source.load(commit, [DEVICE_PATH, 'fleet.yaml', 'apps/kiosk/compose.yaml'], never);
    const { requests, receivedBytes } = proxy.take();
    source.close();
    expect([...tree.files.keys()]).toContain('apps/kiosk/compose.yaml');
    expect([...tree.files.keys()].join()).not.toContain('apps/other');
    expect(requests).toBeLessThanOrEqual(6);
    expect(receivedBytes).toBeLessThanOrEqual(9 * 1024);
  });

  it('polls in one request, whose body has 100 bytes at most, as the answer does', async () => {
    const device = makeDevice(DEVICE_PATH);
    proxy.take();
    await device.poll();
    expect(proxy.take().requests).toBe(1);
    const request = lsRefs(['refs/heads/main', 'refs/tags/main']);
    expect(request.length).toBeLessThanOrEqual(100);
    const answer = await fetch(`${server.url}/fleet.git/git-upload-pack`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' },
      body: new Uint8Array(request),
    });
    expect((await answer.arrayBuffer()).byteLength).toBeLessThanOrEqual(100);
  });

  it.each([
    ['of the same site', DEVICE_PATH.replace(/\d$/, '8'), 6 * 1024],
    ['of another site', 'sites/site-007/edge-007001', 3 * 1024],
  ])('pays little for a change of a device %s, and has nothing to do', async (_, neighbour, mostBytes) => {
    const device = makeDevice(DEVICE_PATH);
    const before = await device.follow();
    await changeFiles(repository, [[`${neighbour}/device.yaml`, `labels: { changed: "${neighbour}" }\n`]]);
    const after = await device.follow();
    expect(after.bytes, 'both ways, headers included').toBeLessThanOrEqual(mostBytes);
    expect(after.tree).toEqual(before.tree);
    expect(desiredOf(after.tree)).toEqual(desiredOf(before.tree));
  });

  it('pays little for a change of its own', async () => {
    const device = makeDevice(DEVICE_PATH);
    await device.follow();
    const text = 'labels: { mine: "1" }\n';
    await changeFiles(repository, [[`${DEVICE_PATH}/device.yaml`, text]]);
    const { tree, bytes, requests } = await device.follow();
    expect(Buffer.from(tree.files.get(`${DEVICE_PATH}/device.yaml`)?.bytes ?? []).toString()).toBe(text);
    expect(bytes).toBeLessThanOrEqual(8 * 1024);
    expect(requests).toBeLessThanOrEqual(6);
  });

  it('pays little when every device changed at once', async () => {
    const device = makeDevice(DEVICE_PATH);
    await device.follow();
    const files = Array.from({ length: 10_000 }, (_, index): [string, string] => {
      const [site, number] = [Math.floor(index / 100), index % 100].map((each) => String(each).padStart(3, '0'));
      return [`sites/site-${site}/edge-${site}${number}/device.yaml`, `labels: { all: "${index}" }\n`];
    });
    await changeFiles(repository, files);
    expect((await device.follow()).bytes).toBeLessThanOrEqual(12 * 1024);
  });

  it('takes over folders next to its own, of which it holds nothing, without a fetch of them', async () => {
    const device = makeDevice(DEVICE_PATH);
    await device.follow();
    await changeFiles(repository, [['apps/kiosk/compose.yaml', 'services: {}\n']]);
    await device.follow();
    await changeFiles(repository, [['apps/other/compose.yaml', 'services: {}\n']]);
    const { requests, bytes } = await device.follow();
    expect(requests).toBe(2);
    expect(bytes).toBeLessThanOrEqual(3 * 1024);
  });
});
