// A device whose Engine has a small disk: a version that does not fit is refused before anything is touched, what runs goes on
// serving and is still repaired, and what is not needed any more makes room.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PrivateEngine, startEngine } from '../../scripts/engine.ts';
import { loadImages } from '../../scripts/images.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { docker, dockerOk, engineSocket } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { freePort, type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { waitFor } from '../support/wait.ts';

const MB = 1_000_000;
const id = uniqueId();
let folder: TemporaryFolder;
let disk: string;
let small: PrivateEngine;
let registry: Registry;
let fleet: Fleet;
let device: Device;
let port: number;

beforeAll(async () => {
  folder = await temporaryFolder();
  disk = join(folder.path, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=150m', 'tmpfs', disk]);
  small = await startEngine({ dir: join(disk, 'engine'), firewall: false });
  registry = await startRegistry();
  fleet = await makeFleet(folder.path);
  port = await freePort();
  const more = 'limits: { disk_reserve: 10MB }\n';
  device = await makeDevice({ id, url: fleet.url, folder: join(folder.path, id), socket: small.socket, more });
});

afterAll(async () => {
  await small.stop();
  execFileSync('umount', ['-l', disk]);
  await registry[Symbol.asyncDispose]();
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

/** An image of so many bytes, of which half are left when compressed. */
async function published(version: string, bytes: number): Promise<string> {
  const local = `holdfast/${uniqueId('sized')}:1`;
  const files = { '/www/index.html': `version ${version}\n`, '/ballast': randomBytes(bytes / 2).toString('hex') };
  await loadImages(engineSocket(), [{ reference: local, config: { Cmd: ['sh'] }, files }]);
  const reference = await registry.push(local, `shop/web:${version}`);
  await dockerOk('DELETE', `/images/${local}`);
  return reference;
}

async function declare(image: string): Promise<void> {
  const serve = 'command: [httpd, -f, -p, "80", -h, /www], stop_signal: SIGKILL';
  await fleet.commit({
    [`devices/${id}/compose.yaml`]: `services:\n  cache: { image: "${registry.address}/shop/web:1", command: [sleep, "100000"], stop_signal: SIGKILL }\n  web: { image: "${image}", ${serve}, ports: ["127.0.0.1:${port}:80"] }\n`,
  });
}

const served = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
const socket = () => ({ socket: small.socket });
const stateOf = async (service: string) =>
  await dockerOk<{ Id: string; State: { Status: string } }>(
    'GET',
    `/containers/${id}-${service}-1/json`,
    undefined,
    socket(),
  );
async function free(): Promise<number> {
  const { bavail, bsize } = await statfs(disk);
  return bavail * bsize;
}

it('refuses a version that does not fit with DiskPressure; the old one serves on, and is repaired', async () => {
  await declare(await published('1', 1 * MB));
  const first = await device.agent('once');
  expect(first.code, first.output).toBe(0);
  expect(await served()).toBe('version 1\n');
  const [before, room] = [await stateOf('web'), await free()];

  await declare(await published('2', 120 * MB));
  const ran = await device.agent('once');
  expect(ran.code).toBe(1);
  expect(ran.output).toContain('DiskPressure');
  expect(ran.output).toMatch(/need about \d+\.\d MB, .+ has \d+\.\d MB free, and 10\.\d MB are kept free/);
  expect((await stateOf('web')).Id).toBe(before.Id);
  expect(await served()).toBe('version 1\n');
  expect(room - (await free())).toBeLessThan(5 * MB);

  await dockerOk('POST', `/containers/${id}-cache-1/kill`, undefined, socket());
  await waitFor(async () => (await stateOf('cache')).State.Status === 'exited', {
    timeoutMs: 10_000,
    what: 'it is dead',
  });
  expect((await device.agent('once')).code).toBe(1);
  expect((await stateOf('cache')).State.Status).toBe('running');
  expect(await served()).toBe('version 1\n');
});

it('makes room for a version that fits without those before the last known good', async () => {
  await declare(await published('3', 24 * MB));
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  await declare(await published('4', 1 * MB));
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  expect((await docker('GET', `/images/${registry.address}/shop/web:3/json`, undefined, socket())).status).toBe(200);
  // About 15 MB more than there is room for; version 3 takes 26. Hexadecimal digits shrink to 0.57, and 3.7 times that is needed.
  await declare(await published('5', Math.round(((await free()) - 10 * MB + 15 * MB) / 3.7 / 0.57 - 2 * MB)));
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
  expect(await served()).toBe('version 5\n');
  const left = await Promise.all(
    ['3', '4', '5'].map(async (version) => {
      const answer = await docker('GET', `/images/${registry.address}/shop/web:${version}/json`, undefined, socket());
      return answer.status === 200;
    }),
  );
  expect(left).toEqual([false, true, true]);
});
