// What runs when, on the real Engine: changes that wait for a window while drift is repaired, suspended apps, replicas, crash loops.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Status } from '../../fleet/wire/messages.ts';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, dockerOk } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

const SLEEPER = 'image: holdfast/busybox:1, command: [sleep, "100000"], stop_signal: SIGKILL';

let folder: TemporaryFolder;
let fleet: Fleet;
let id: string;
let device: Device;
const ids: string[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
});

afterAll(async () => {
  for (const one of ids) await cleanup(one);
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

/** A device of its own for each test. */
async function fresh(): Promise<void> {
  id = uniqueId();
  ids.push(id);
  device = await makeDevice({ id, url: fleet.url, folder: join(folder.path, id) });
}

const declare = (settings: string, services: string) =>
  fleet.commit({
    [`devices/${id}/device.yaml`]: `${settings}\n`,
    [`devices/${id}/compose.yaml`]: `services:\n${services}`,
  });

const within = (what: string, timeoutMs = 30_000) => ({ timeoutMs, what });

async function container(service: string) {
  return (await containersOf(id)).get(`${id}-${service}`);
}

async function release(service = 'web-1'): Promise<string> {
  const found = await container(service);
  const line = found?.Config.Env?.find((one) => one.startsWith('RELEASE=')) ?? '';
  return `${found?.State.Status} ${line}`;
}

async function status(): Promise<Status> {
  return JSON.parse((await device.agent('status', '-o', 'json')).output) as Status;
}

async function ready(): Promise<string> {
  const { sync, conditions } = await status();
  const found = conditions.find(({ type }) => type === 'Ready');
  return `${sync} ${found?.status} ${found?.reason}: ${found?.message} (${conditions.length})`;
}

describe('a maintenance window', () => {
  const web = (version: string) => `  web: { ${SLEEPER}, environment: { RELEASE: "${version}" } }\n`;

  test('a change waits for it while drift is repaired, and is applied when it opens', async () => {
    await fresh();
    // Far enough away for all that comes before.
    const opens = new Date(Math.ceil((Date.now() + 35_000) / 60_000) * 60_000);
    const settings = `windows: [{ cron: "${opens.getUTCMinutes()} ${opens.getUTCHours()} * * *", duration: 5m }]`;
    await declare(settings, web('1'));
    await using _agent = await device.start();
    await waitFor(async () => (await release()) === 'running RELEASE=1', within('the first revision runs'));
    const first = await container('web-1');
    await declare(settings, web('2'));
    await waitFor(async () => /1 change of \S+ waits for the window/.test(await ready()), within('the change waits'));
    expect(await ready()).toBe(
      `OutOfSync Unknown Suspended: 1 change of ${id} waits for the window that opens ${opens.toISOString().slice(0, 16)}Z (1)`,
    );
    await dockerOk('POST', `/containers/${first?.Id}/kill`);
    await waitFor(async () => (await release()) === 'running RELEASE=1', within('the old version is repaired'));
    expect((await container('web-1'))?.Id).toBe(first?.Id);
    expect(Date.now()).toBeLessThan(opens.getTime());
    await waitFor(async () => (await release()) === 'running RELEASE=2', within('the new version runs', 90_000));
    expect(Date.parse((await container('web-1'))?.State.StartedAt ?? '')).toBeGreaterThanOrEqual(opens.getTime());
    await waitFor(async () => (await ready()).startsWith('Synced True'), within('all is well'));
  });

  test('what waits for it does not begin after a restart of the agent either', async () => {
    await fresh();
    const never = new Date(Date.now() - 3 * 3_600_000);
    const settings = `windows: [{ cron: "0 ${never.getUTCHours()} * * *", duration: 1m }]`;
    await declare(settings, web('1'));
    expect(await device.agent('once')).toMatchObject({ code: 0 });
    await declare(settings, `${web('2')}  cache: { ${SLEEPER} }\n`);
    for (let again = 0; again < 2; again++) {
      await device.agent('once');
      expect(await release()).toBe('running RELEASE=1');
    }
    expect(await device.agent('plan')).toMatchObject({ code: 0, output: expect.stringContaining('2 changes of') });
    await declare('windows: []', web('2'));
    expect(await device.agent('once')).toMatchObject({ code: 0 });
    expect(await release()).toBe('running RELEASE=2');
  });
});

test('nothing is done for a suspended app, while another is repaired', async () => {
  await fresh();
  const apps = (suspend: boolean, version: string) =>
    fleet.commit({
      [`devices/${id}/device.yaml`]: `apps:
  - { name: ${id}, compose: compose.yaml, suspend: ${suspend} }
  - { name: ${id}-shop, compose: shop.yaml }
`,
      [`devices/${id}/compose.yaml`]: `services:\n  web: { ${SLEEPER}, environment: { RELEASE: "${version}" } }\n`,
      [`devices/${id}/shop.yaml`]: `services:\n  till: { ${SLEEPER}, environment: { RELEASE: "${version}" } }\n`,
    });
  await apps(false, '1');
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  await apps(true, '2');
  await dockerOk('POST', `/containers/${id}-web-1/kill`);
  await device.agent('once');
  expect([await release(), await release('shop-till-1')]).toEqual(['exited RELEASE=1', 'running RELEASE=2']);
  expect(await ready()).toBe(`OutOfSync Unknown Suspended: ${id} is suspended (1)`);
  expect((await status()).apps.map(({ health }) => health)).toEqual(['Suspended', 'Healthy']);
  await apps(false, '2');
  expect(await device.agent('once')).toMatchObject({ code: 0 });
  expect(await release()).toBe('running RELEASE=2');
});

test('more and fewer replicas make and remove just those', async () => {
  await fresh();
  const seen: ReadonlyMap<string, string>[] = [];
  for (const scale of [1, 3, 2]) {
    await declare('{}', `  web: { ${SLEEPER}, scale: ${scale} }\n  cache: { ${SLEEPER} }\n`);
    expect(await device.agent('once')).toMatchObject({ code: 0 });
    const found = [...(await containersOf(id))].map(
      ([name, { Id, State }]) => [name, `${Id} ${State.StartedAt}`] as const,
    );
    seen.push(new Map(found));
  }
  const names = (...numbers: readonly number[]) => [`${id}-cache-1`, ...numbers.map((number) => `${id}-web-${number}`)];
  expect(seen.map((one) => [...one.keys()].sort())).toEqual([names(1), names(1, 2, 3), names(1, 2)]);
  const [one, three, two] = seen;
  for (const name of names(1)) expect([three?.get(name), two?.get(name)]).toEqual([one?.get(name), one?.get(name)]);
  expect(two?.get(`${id}-web-2`)).toBe(three?.get(`${id}-web-2`));
});

test('a crash loop is told steadily, with its exit code, and nothing else is disturbed', async () => {
  await fresh();
  const crashing = '{ image: holdfast/busybox:1, command: [sh, -c, "sleep 0.3; exit 7"], restart: always }';
  await declare('{}', `  bad: ${crashing}\n  web: { ${SLEEPER} }\n`);
  await using _agent = await device.start();
  const bad = async () => (await status()).apps[0]?.services.find(({ name }) => name === 'bad');
  const LOOP = /^crash loop: restarted \d+ times in \d+ min, last exit code 7$/;
  await waitFor(async () => LOOP.test((await bad())?.message ?? ''), within('the crash loop is told', 60_000));
  const started = (await container('web-1'))?.State.StartedAt;
  for (let look = 0; look < 4; look++) {
    expect(await bad()).toMatchObject({ health: 'Degraded', message: expect.stringMatching(LOOP) });
    await sleep(500);
  }
  expect((await container('web-1'))?.State.StartedAt).toBe(started);
});
