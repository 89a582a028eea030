// Images on a device, against a real registry and a real Engine: what pulls cost is known before, a disk is never filled, what
// nothing uses any more goes, and what others need stays.
import { once } from 'node:events';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { request as ask, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../agent/docker/create-engine.ts';
import { createImages, type Images, type ImagesParts } from '../../agent/images/images.ts';
import type { BroughtImage } from '../../agent/store/store.ts';
import type { ImageInspect } from '../../fleet/engine/inspect.ts';
import type { EngineInfo } from '../../fleet/model/observed.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { loadImages } from '../../scripts/images.ts';
import { kiosk, serviceOf } from '../fleet/reconcile/support/desired.ts';
import { containersOf } from '../support/containers.ts';
import { makeDevice } from '../support/device.ts';
import { cleanup, docker, dockerOk, engineSocket } from '../support/engine.ts';
import { makeFleet } from '../support/fleet.ts';
import { temporaryFolder, uniqueId } from '../support/machine.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { asStep } from '../support/steps.ts';

const signal = new AbortController().signal;
const engine = createEngine({ socket: engineSocket() });
const HOUR_MS = 3_600_000;
const onHost = async (image: string): Promise<boolean> => (await docker('GET', `/images/${image}/json`)).status === 200;
const idOf = async (image: string): Promise<string> =>
  (await dockerOk<{ Id: string }>('GET', `/images/${image}/json`)).Id;

let registry: Registry;
let host: EngineInfo;
let nowMs: number;
let brought: readonly BroughtImage[];

beforeAll(async () => {
  registry = await startRegistry();
  host = await engine.info(signal);
});
afterAll(() => registry[Symbol.asyncDispose]());
beforeEach(() => {
  nowMs = 0;
  brought = [];
});

function imagesWith(limits: Partial<ImagesParts['limits']> = {}, dockerConfig?: string): Images {
  return createImages({
    images: engine.images,
    store: {
      broughtImages: () => brought,
      putBroughtImages: (images) => {
        brought = images;
      },
    },
    registries: { env: {}, certificates: '/etc/docker/certs.d', dockerConfig },
    stateDir: '/tmp',
    limits: { pulls: 3, disk_reserve: 0, images_unused_for: 24 * HOUR_MS, ...limits },
    monotonicMs: () => nowMs,
    random: () => 0,
    log: () => undefined,
  });
}

/** An image that only the registry has. */
async function published(name: string, text = name): Promise<string> {
  const local = `holdfast/${uniqueId('made')}:1`;
  await loadImages(engineSocket(), [
    { reference: local, config: { Cmd: ['sleep', '1000'] }, files: { '/text': text } },
  ]);
  const reference = await registry.push(local, name);
  await dockerOk('DELETE', `/images/${local}`);
  expect(await onHost(reference)).toBe(false);
  return reference;
}

/** The tag names another image in the registry, while the host has the old one under it, as it was pulled. */
async function moveTag(image: string): Promise<void> {
  const { Id, RepoDigests } = await dockerOk<{ Id: string; RepoDigests: string[] }>('GET', `/images/${image}/json`);
  await dockerOk('DELETE', `/images/${image}`);
  await published(image.slice(registry.address.length + 1), 'new');
  await engine.steps['pull-image'](pullStep(String(RepoDigests[0])), signal);
  await dockerOk('POST', `/images/${Id}/tag?repo=${image.replace(/:\w+$/, '')}&tag=stable`);
}

const pullStep = (image: string) => ({ ...asStep({ kind: 'pull-image', image }), id: `pull ${image}` });
const planOf = (...images: readonly string[]): Plan => ({
  revision: uniqueId('main'),
  differences: [],
  steps: images.map(pullStep),
  blocked: [],
});
async function bytesOf(...given: readonly string[]): Promise<unknown[]> {
  const { steps } = await imagesWith().measure(planOf(...given), host, signal);
  return steps.map((step) => step.kind === 'pull-image' && step.pullBytes);
}

describe('what a pull will transfer', () => {
  it('is the size of the layers that the registry serves, each once, and nothing of what the Engine has', async () => {
    const name = `shop/${uniqueId('size')}`;
    const image = await published(`${name}:1`);
    const same = await registry.push(await pulledBeside(image), `${name}:same`);
    await dockerOk('DELETE', `/images/${image}`);
    const manifest = (await (
      await fetch(`http://${registry.address}/v2/${name}/manifests/1`, {
        headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
      })
    ).json()) as { layers: { digest: string; size: number }[] };
    const [layer] = manifest.layers;
    expect(layer?.size).toBeGreaterThan(100_000);
    expect(layer?.size).toBe(await blobSize(String(layer?.digest)));
    expect(await bytesOf(image, same)).toEqual([layer?.size, 0]);
    await imagesWith().pull(pullStep(image), signal);
    expect(await bytesOf(image)).toEqual([0]);
  });

  it('is unknown where the registry has no such image or does not answer', async () => {
    expect(await bytesOf(`${registry.address}/shop/never:1`, '127.0.0.1:1/shop/web:1')).toEqual([null, null]);
  });

  async function pulledBeside(image: string): Promise<string> {
    await imagesWith().pull(pullStep(image), signal);
    return image;
  }

  async function blobSize(digest: string): Promise<number> {
    const hex = digest.slice('sha256:'.length);
    const folder = join(registry.folder, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex);
    expect(await readdir(folder)).toEqual(['data']);
    return (await stat(join(folder, 'data'))).size;
  }
});

describe('a disk without room', () => {
  it('refuses pulls before any begins, and says what is needed, what is free and what to do', async () => {
    const image = await published(`shop/${uniqueId('room')}:1`);
    const images = imagesWith({ disk_reserve: Number.MAX_SAFE_INTEGER });
    const plan = await images.measure(planOf(image), host, signal);
    const refused = await images.refuse(plan, host, () => [], signal);
    expect(refused).toMatchObject({ code: 'DiskPressure' });
    expect(refused?.message).toMatch(
      /about \d+(\.\d)? [kM]B, \/.+ has .+ free, and .+ kept free \(limits\.disk_reserve\)/,
    );
    expect(await imagesWith().refuse(plan, host, () => [], signal)).toBeNull();
  });

  it('refuses nothing that transfers nothing', async () => {
    const image = await published(`shop/${uniqueId('there')}:1`);
    const images = imagesWith({ disk_reserve: Number.MAX_SAFE_INTEGER });
    await images.pull(pullStep(image), signal);
    expect(await images.refuse(await images.measure(planOf(image), host, signal), host, () => [], signal)).toBeNull();
  });

  it('is relieved of unused images of any age, never of what is used or named', async () => {
    const [used, named, unused] = [
      await published(`shop/${uniqueId('used')}:1`),
      await published(`shop/${uniqueId('named')}:1`),
      await published(`shop/${uniqueId('unused')}:1`),
    ];
    const images = imagesWith({ disk_reserve: Number.MAX_SAFE_INTEGER });
    for (const image of [used, named, unused]) await images.pull(pullStep(image), signal);
    const { Id } = await dockerOk<{ Id: string }>('POST', '/containers/create', { Image: used });
    const other = await published(`shop/${uniqueId('more')}:1`);
    await images.refuse(planOf(other), host, () => [named], signal);
    expect([await onHost(used), await onHost(named), await onHost(unused)]).toEqual([true, true, false]);
    await dockerOk('DELETE', `/containers/${Id}`);
  });
});

describe('an image that nothing uses any more', () => {
  /** Looks, and looks again after each hour. */
  async function tidyAfter(hours: number, images: Images, named: readonly string[] = []): Promise<void> {
    await images.tidy(host, () => named, signal);
    for (let hour = 0; hour < hours; hour++) {
      nowMs += HOUR_MS;
      await images.tidy(host, () => named, signal);
    }
  }

  it('goes after its time, and not before', async () => {
    const image = await published(`shop/${uniqueId('old')}:1`);
    const images = imagesWith();
    await images.pull(pullStep(image), signal);
    await tidyAfter(23, images);
    expect(await onHost(image)).toBe(true);
    await tidyAfter(1, images);
    expect(await onHost(image)).toBe(false);
    expect(brought).toEqual([]);
  });

  it('is no older by a time in which nobody looked: it may have been used for all of it', async () => {
    const image = await published(`shop/${uniqueId('unseen')}:1`);
    const images = imagesWith();
    await images.pull(pullStep(image), signal);
    await tidyAfter(1, images);
    nowMs += 1000 * HOUR_MS;
    await tidyAfter(1, images);
    expect(await onHost(image)).toBe(true);
  });

  it('stays while the stopped container of another device runs on it, whose agent did not pull it', async () => {
    const image = await published(`shop/${uniqueId('shared')}:1`);
    const images = imagesWith();
    await images.pull(pullStep(image), signal);
    const { Id } = await dockerOk<{ Id: string }>('POST', '/containers/create', { Image: image });
    await tidyAfter(25, images);
    expect(await onHost(image)).toBe(true);
    await dockerOk('DELETE', `/containers/${Id}`);
  });

  it('is not taken for another that got its name just now', async () => {
    const image = await published(`shop/${uniqueId('swapped')}:1`);
    await engine.steps['pull-image'](pullStep(image), signal);
    expect(await engine.images.remove(image, `sha256:${'0'.repeat(64)}`, signal)).toBe(false);
    expect(await onHost(image)).toBe(true);
    expect(await engine.images.remove(image, await idOf(image), signal)).toBe(true);
    expect(await onHost(image)).toBe(false);
  });

  it('begins its time anew when it was used in between', async () => {
    const image = await published(`shop/${uniqueId('again')}:1`);
    const images = imagesWith();
    await images.pull(pullStep(image), signal);
    await tidyAfter(23, images);
    await tidyAfter(1, images, [image]);
    await tidyAfter(23, images);
    expect(await onHost(image)).toBe(true);
  });

  it('stays when this agent did not pull it, or when somebody gave it another name', async () => {
    const name = `shop/${uniqueId('foreign')}`;
    const [foreign, tagged] = [await published(`${name}:1`), await published(`${name}:2`)];
    const images = imagesWith();
    await engine.steps['pull-image'](pullStep(foreign), signal);
    await images.pull(pullStep(foreign), signal);
    await images.pull(pullStep(tagged), signal);
    await dockerOk('POST', `/images/${tagged}/tag?repo=mine&tag=${uniqueId('kept')}`);
    await tidyAfter(25, images);
    expect([await onHost(foreign), await onHost(tagged)]).toEqual([true, true]);
  });

  it('is the old one of a tag that moved, and not the new one', async () => {
    const image = await published(`shop/${uniqueId('moved')}:stable`, 'old');
    const images = imagesWith();
    await images.pull(pullStep(image), signal);
    const old = await idOf(image);
    await moveTag(image);
    await images.pull(pullStep(image), signal);
    expect(await idOf(image)).not.toBe(old);
    await tidyAfter(25, images, [image]);
    expect([await onHost(old), await onHost(image)]).toEqual([false, true]);
  });
});

describe('a service that wants the newest (pull_policy: always)', () => {
  it('learns of a tag that moved with a new revision or after an hour, and asks nobody in between', async () => {
    const image = await published(`shop/${uniqueId('newest')}:stable`, 'old');
    const images = imagesWith();
    await images.pull(pullStep(image), signal);
    const moved = async (revision: string) => {
      const desired = { ...kiosk([serviceOf('web', { image, pull_policy: 'always' })]), revision };
      const onEngine = await dockerOk<ImageInspect>('GET', `/images/${image}/json`);
      return [...(await images.moved(desired, new Map([[image, onEngine]]), signal))];
    };
    expect(await moved('one')).toEqual([]);
    const old = await idOf(image);
    await moveTag(image);
    expect(await moved('one')).toEqual([]);
    expect(await moved('two')).toEqual([image]);
    await images.pull(pullStep(image), signal);
    expect(await moved('two')).toEqual([]);
    nowMs += HOUR_MS;
    expect(await moved('two')).toEqual([]);
    expect(await idOf(image)).not.toBe(old);
  });
});

describe('a device', () => {
  it('replaces a service that wants the newest when its tag has moved, and one that does not stays', async () => {
    const image = await published(`shop/${uniqueId('device')}:stable`, 'old');
    const id = uniqueId();
    await using folder = await temporaryFolder();
    const fleet = await makeFleet(folder.path);
    const device = await makeDevice({ id, url: fleet.url, folder: join(folder.path, id) });
    const service = `image: "${image}", stop_signal: SIGKILL`;
    await fleet.commit({
      [`devices/${id}/compose.yaml`]: `services:\n  newest: { ${service}, pull_policy: always }\n  calm: { ${service} }\n`,
    });
    const imagesRun = async () => {
      const ran = await device.agent('once');
      expect(ran.code, ran.output).toBe(0);
      const containers = await containersOf(id);
      return ['newest', 'calm'].map((name) => containers.get(`${id}-${name}-1`)?.Image);
    };
    const old = await imagesRun();
    expect(old).toEqual([await idOf(image), await idOf(image)]);
    const local = `holdfast/${uniqueId('made')}:1`;
    await loadImages(engineSocket(), [
      {
        reference: local,
        config: { Cmd: ['sleep', '1000'] },
        files: { '/text': 'new' },
      },
    ]);
    await registry.push(local, image.slice(registry.address.length + 1));
    await dockerOk('POST', `/images/${old[0]}/tag?repo=${image.replace(/:\w+$/, '')}&tag=stable`);
    const now = await imagesRun();
    expect(now).toEqual([await idOf(local), old[1]]);
    expect(await device.agent('plan')).toMatchObject({ code: 0 });
    await cleanup(id);
    await fleet.close();
  });
});

describe('a registry that wants a login', () => {
  it('gives images to whoever has one in docker_config, and tells how much they are', async () => {
    const image = await published(`shop/${uniqueId('private')}:1`);
    await using guarded = await guard(registry.address, 'me:secret');
    const there = image.replace(registry.address, guarded.address);
    await using folder = await temporaryFolder();
    const dockerConfig = join(folder.path, 'config.json');
    const auth = Buffer.from('me:secret').toString('base64');
    await writeFile(dockerConfig, JSON.stringify({ auths: { [guarded.address]: { auth } } }));
    const without = imagesWith();
    await expect(without.pull(pullStep(there), signal)).rejects.toMatchObject({ code: 'ImagePullFailed' });
    const images = imagesWith({}, dockerConfig);
    const [step] = (await images.measure(planOf(there), host, signal)).steps;
    expect(step).toMatchObject({ pullBytes: expect.any(Number) });
    await images.pull(pullStep(there), signal);
    expect(await onHost(there)).toBe(true);
  });
});

/** The registry behind a login. */
async function guard(behind: string, login: string): Promise<{ address: string } & AsyncDisposable> {
  const expected = `Basic ${Buffer.from(login).toString('base64')}`;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== expected)
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
    const [host = '', port] = behind.split(':');
    const { authorization: _login, ...headers } = request.headers;
    const onwards = ask({ host, port, path: request.url, method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onwards.on('error', () => response.destroy());
    return onwards.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
