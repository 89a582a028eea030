// One-shots on a real Engine of their own: how often a migration runs, by the lines that it leaves, over cycles, restarts of agent
// and Engine, prunes, changes and failures.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PrivateEngine, startEngine } from '../../scripts/engine.ts';
import { ensureImages } from '../../scripts/images.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { docker, dockerOk, type Json } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

let folder: TemporaryFolder;
let daemon: PrivateEngine;
let fleet: Fleet;
let device: Device;
const id = uniqueId();

beforeAll(async () => {
  folder = await temporaryFolder();
  daemon = await startEngine({ dir: join(folder.path, 'engine'), firewall: false });
  await ensureImages(daemon.socket, ['holdfast/busybox:1']);
  fleet = await makeFleet(folder.path);
  device = await makeDevice({ id, url: fleet.url, folder: join(folder.path, id), socket: daemon.socket });
});

afterAll(async () => {
  await daemon.stop();
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

/** The migration leaves a line with its version at each start, then does `work`. */
async function declare(version: string, work = 'true', web = '1'): Promise<void> {
  const script = `echo ${version} >> /data/runs; ${work}`;
  await fleet.commit({
    [`devices/${id}/compose.yaml`]: `services:
  migrate: { image: holdfast/busybox:1, command: [sh, -c, ${JSON.stringify(script)}], volumes: ["./data:/data"], restart: "no" }
  web: { image: holdfast/busybox:1, command: [sleep, "100000"], stop_signal: SIGKILL, environment: { RELEASE: "${web}" }, depends_on: { migrate: { condition: service_completed_successfully } } }
`,
  });
}

const data = (name: string) => join(device.stateDir, 'volumes', id, 'data', name);

function runs(version: string): number {
  if (!existsSync(data('runs'))) return 0;
  return readFileSync(data('runs'), 'utf8')
    .split('\n')
    .filter((line) => line === version).length;
}

async function inspect(service: string): Promise<Json | null> {
  const { status, body } = await docker('GET', `/containers/${id}-${service}-1/json`, undefined, {
    socket: daemon.socket,
  });
  return status === 200 ? body : null;
}

async function web(): Promise<string> {
  const container = await inspect('web');
  const release = (container?.Config?.Env as unknown as string[] | undefined)?.find((line) =>
    line.startsWith('RELEASE='),
  );
  return `${String(container?.State?.Status)} ${String(release)}`;
}

test('a migration runs once, before what waits for it, over cycles and restarts of agent and Engine', async () => {
  await declare('one');
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  expect(runs('one')).toBe(1);
  expect(await web()).toBe('running RELEASE=1');
  const [migrated, started] = [await inspect('migrate'), await inspect('web')];
  expect(String(migrated?.State?.FinishedAt) < String(started?.State?.StartedAt)).toBe(true);
  for (let again = 0; again < 2; again++) expect(await device.agent('once')).toMatchObject({ code: 0 });
  await daemon.restart();
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  expect(await web()).toBe('running RELEASE=1');
  expect(runs('one')).toBe(1);
});

test('it does not run again after its container was pruned, nor is it made again', async () => {
  await dockerOk('POST', '/containers/prune', undefined, { socket: daemon.socket });
  expect(await inspect('migrate')).toBeNull();
  expect(await device.agent('plan')).toMatchObject({ code: 0 });
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  await dockerOk('DELETE', `/containers/${id}-web-1?force=1`, undefined, { socket: daemon.socket });
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  expect(await inspect('migrate')).toBeNull();
  expect(await web()).toBe('running RELEASE=1');
  expect(runs('one')).toBe(1);
});

test('it runs again when its spec changes, and not when that is taken back', async () => {
  await declare('two');
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  expect([runs('one'), runs('two')]).toEqual([1, 1]);
  await declare('one');
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  expect([runs('one'), runs('two')]).toEqual([1, 1]);
});

test('one that fails takes its app back: neither it nor the one from before runs again, and what waits for it stays', async () => {
  await declare('three', 'exit 3', '2');
  const ran = await device.agent('once');
  expect(ran).toMatchObject({ code: 1, output: expect.stringContaining('DependencyNotReady') });
  expect(await device.agent('once')).toMatchObject({ code: 1 });
  expect([runs('one'), runs('three')]).toEqual([1, 1]);
  expect((await inspect('migrate'))?.State?.ExitCode).toBe(3);
  expect(await web()).toBe('running RELEASE=1');
  expect((await device.agent('status')).output).toMatch(/in quarantine: .*migrate.*exited with 3; main@\w+ runs again/);
  expect(await device.agent('plan')).toMatchObject({ code: 0 });
  await declare('four', 'true', '2');
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  expect(await web()).toBe('running RELEASE=2');
});

test('one that a killed Engine interrupts runs again to its end', async () => {
  await declare('five', '[ -e /data/go ] || exec sleep 1000', '3');
  await using agent = await device.start();
  await waitFor(() => runs('five') === 1, { timeoutMs: 60_000, what: 'the migration is at work' });
  await sleep(500);
  await daemon.kill();
  writeFileSync(data('go'), '');
  await daemon.restart();
  await waitFor(async () => (await web()) === 'running RELEASE=3', { timeoutMs: 120_000, what: 'the new web runs' });
  expect(runs('five')).toBe(2);
  expect((await inspect('migrate'))?.State?.ExitCode).toBe(0);
  expect(agent.child.exitCode).toBeNull();
});
