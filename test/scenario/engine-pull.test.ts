// Pulls against a real registry and a real Engine, and what is believed when they fail.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEngine } from '../../agent/docker/create-engine.ts';
import type { ImageInspect } from '../../fleet/engine/inspect.ts';
import { loadImages } from '../../scripts/images.ts';
import { docker, dockerOk, engineSocket } from '../support/engine.ts';
import { freePort, uniqueId } from '../support/machine.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { asStep } from '../support/steps.ts';

const signal = new AbortController().signal;
const engine = createEngine({ socket: engineSocket() });
const pull = (image: string): Promise<void> =>
  engine.steps['pull-image'](asStep({ kind: 'pull-image', image }), signal);
const onHost = async (image: string): Promise<boolean> => (await docker('GET', `/images/${image}/json`)).status === 200;

let registry: Registry;

beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

test('an image is pulled by tag and by digest, and pulled again it is there already', async () => {
  const image = await registry.push('holdfast/busybox:1', 'shop/web:1');
  expect(await onHost(image)).toBe(false);
  await pull(image);
  await pull(image);
  const inspect = await dockerOk<ImageInspect>('GET', `/images/${image}/json`);
  const digest = inspect.RepoDigests?.find((known) => known.startsWith(registry.address));
  await dockerOk('DELETE', `/images/${image}`);
  expect(await onHost(image)).toBe(false);
  await pull(String(digest));
  expect(await onHost(String(digest))).toBe(true);
});

test('a tag that moved is pulled anew', async () => {
  const image = await registry.push('holdfast/busybox:1', 'shop/moving:stable');
  await pull(image);
  const before = (await dockerOk<ImageInspect>('GET', `/images/${image}/json`)).Id;
  await dockerOk('DELETE', `/images/${image}`);
  await registry.push('holdfast/busybox:2', 'shop/moving:stable');
  await dockerOk('POST', `/images/${before}/tag?repo=${registry.address}/shop/moving&tag=stable`);
  await pull(image);
  expect((await dockerOk<ImageInspect>('GET', `/images/${image}/json`)).Id).not.toBe(before);
});

test('an absent tag and a registry that nobody serves are ImagePullFailed with the cause', async () => {
  await registry.push('holdfast/busybox:1', 'shop/web:1');
  await expect(pull(`${registry.address}/shop/web:absent`)).rejects.toMatchObject({
    code: 'ImagePullFailed',
    message: expect.stringContaining('manifest unknown'),
  });
  await expect(pull(`127.0.0.1:${await freePort()}/shop/web:1`)).rejects.toMatchObject({
    code: 'ImagePullFailed',
    message: expect.stringContaining('connection refused'),
  });
});

test('a layer that the registry lost, found only in the middle of the pull, is ImagePullFailed', async () => {
  const reference = `holdfast/${uniqueId('lost')}:1`;
  await loadImages(engineSocket(), [{ reference, config: { Cmd: ['sh'] }, files: { '/only-here': reference } }]);
  const image = await registry.push(reference, 'shop/lost:1');
  await dockerOk('DELETE', `/images/${reference}`);
  await rm(join(registry.folder, 'docker', 'registry', 'v2', 'blobs'), { recursive: true });
  await expect(pull(image)).rejects.toMatchObject({ code: 'ImagePullFailed' });
  expect(await onHost(image)).toBe(false);
});

test('an image for another architecture is ImagePullFailed and says so', async () => {
  const reference = `holdfast/${uniqueId('foreign')}:1`;
  await loadImages(engineSocket(), [{ reference, config: { Cmd: ['sh'] }, files: {}, architecture: 's390x' }]);
  const image = await registry.push(reference, 'shop/foreign:1');
  await dockerOk('DELETE', `/images/${reference}`);
  await expect(pull(image)).rejects.toMatchObject({
    code: 'ImagePullFailed',
    message: expect.stringContaining('built for linux/s390x and this host is linux/'),
  });
});
