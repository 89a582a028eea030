// What runs when, on the real Engine: changes that wait for a window while drift is repaired, suspended apps, replicas, crash loops.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../agent/assemble.ts';
import { loadConfig } from '../../agent/config/load.ts';
import { createAgent } from '../../agent/loop/agent.ts';
import { converge } from '../support/converge.ts';
import type { Device } from '../support/device.ts';
import { dockerOk } from '../support/engine.ts';
import { makeSite } from '../support/site.ts';
import { waitFor } from '../support/wait.ts';

const SLEEPER = 'image: holdfast/busybox:1, command: [sleep, "100000"], stop_signal: SIGKILL';

/** A device of its own for each test. */
async function makeHost() {
  const site = await makeSite();
  const { id, device } = site;
  const container = async (service: string) => (await site.containers()).get(`${id}-${service}`);
  return {
    ...site,
    container,
    commitApp: (settings: string, services: string) =>
      site.commit({ 'device.yaml': `${settings}\n`, 'compose.yaml': `services:\n${services}` }),
    async release(service = 'web-1'): Promise<string> {
      const found = await container(service);
      const line = found?.Config.Env?.find((one) => one.startsWith('RELEASE=')) ?? '';
      return `${found?.State.Status} ${line}`;
    },
    ready(): string {
      const { sync, conditions } = device.status();
      const found = conditions.find(({ type }) => type === 'Ready');
      return `${sync} ${found?.status} ${found?.reason}: ${found?.message} (${conditions.length})`;
    },
  };
}

const within = (what: string, timeoutMs = 30_000) => ({ timeoutMs, what });

/** The daemon in this process, on a clock that the test sets. */
async function startAt({ configFile }: Device, now: () => Date): Promise<AsyncDisposable> {
  const parts = await assemble(await loadConfig(configFile, {}), () => undefined);
  const stop = new AbortController();
  const ran = createAgent({ ...parts, now }).run(stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ran;
      parts.store.close();
    },
  };
}

describe.concurrent('a maintenance window', () => {
  const web = (version: string) => `  web: { ${SLEEPER}, environment: { RELEASE: "${version}" } }\n`;

  test('a change waits for it while drift is repaired, and is applied when it opens', async () => {
    await using host = await makeHost();
    const { id, device, commitApp, container, release, ready } = host;
    // The agent's clock is behind that of the Engine all the time.
    const opens = new Date(Math.floor(Date.now() / 60_000) * 60_000);
    let behindMs = Date.now() - opens.getTime() + 600_000;
    const now = () => new Date(Date.now() - behindMs);
    const settings = `windows: [{ cron: "${opens.getUTCMinutes()} ${opens.getUTCHours()} * * *", duration: 5m }]`;
    await commitApp(settings, web('1'));
    await using _agent = await startAt(device, now);
    await waitFor(async () => (await release()) === 'running RELEASE=1', within('the first revision runs'));
    const first = await container('web-1');
    await commitApp(settings, web('2'));
    await waitFor(() => /1 change of \S+ waits for the window/.test(ready()), within('the change waits'));
    expect(ready()).toBe(
      `OutOfSync Unknown Suspended: 1 change of ${id} waits for the window that opens ${opens.toISOString().slice(0, 16)}Z (1)`,
    );
    await dockerOk('POST', `/containers/${first?.Id}/kill`);
    await waitFor(async () => (await release()) === 'running RELEASE=1', within('the old version is repaired'));
    expect((await container('web-1'))?.Id).toBe(first?.Id);
    const beforeMs = 3000;
    behindMs = Date.now() - opens.getTime() + beforeMs;
    const openedMs = Date.now() + beforeMs;
    await waitFor(async () => (await release()) === 'running RELEASE=2', within('the new version runs'));
    expect(Date.parse((await container('web-1'))?.State.StartedAt ?? '')).toBeGreaterThanOrEqual(openedMs);
    await waitFor(() => ready().startsWith('Synced True'), within('all is well'));
  });

  test('what waits for it does not begin after a restart of the agent either', async () => {
    await using host = await makeHost();
    const { device, commitApp, release } = host;
    const never = new Date(Date.now() - 3 * 3_600_000);
    const settings = `windows: [{ cron: "0 ${never.getUTCHours()} * * *", duration: 1m }]`;
    await commitApp(settings, web('1'));
    await converge(device);
    await commitApp(settings, `${web('2')}  cache: { ${SLEEPER} }\n`);
    for (let again = 0; again < 2; again++) {
      await device.agent('once');
      expect(await release()).toBe('running RELEASE=1');
    }
    expect(await device.agent('plan')).toMatchObject({ code: 0, output: expect.stringContaining('2 changes of') });
    await commitApp('windows: []', web('2'));
    await converge(device);
    expect(await release()).toBe('running RELEASE=2');
  });
});

test.concurrent('nothing is done for a suspended app, while another is repaired', async () => {
  await using host = await makeHost();
  const { id, device, release, ready, commit } = host;
  const apps = (suspend: boolean, version: string) =>
    commit({
      'device.yaml': `apps:
  - { name: ${id}, compose: compose.yaml, suspend: ${suspend} }
  - { name: ${id}-shop, compose: shop.yaml }
`,
      'compose.yaml': `services:\n  web: { ${SLEEPER}, environment: { RELEASE: "${version}" } }\n`,
      'shop.yaml': `services:\n  till: { ${SLEEPER}, environment: { RELEASE: "${version}" } }\n`,
    });
  await apps(false, '1');
  await converge(device);
  await apps(true, '2');
  await dockerOk('POST', `/containers/${id}-web-1/kill`);
  await device.agent('once');
  expect([await release(), await release('shop-till-1')]).toEqual(['exited RELEASE=1', 'running RELEASE=2']);
  expect(ready()).toBe(`OutOfSync Unknown Suspended: ${id} is suspended (1)`);
  expect(device.status().apps.map(({ health }) => health)).toEqual(['Suspended', 'Healthy']);
  await apps(false, '2');
  await converge(device);
  expect(await release()).toBe('running RELEASE=2');
});

test.concurrent('more and fewer replicas make and remove just those', async () => {
  await using host = await makeHost();
  const { id, device, commitApp, containers } = host;
  const seen: ReadonlyMap<string, string>[] = [];
  for (const scale of [1, 3, 2]) {
    await commitApp('{}', `  web: { ${SLEEPER}, scale: ${scale} }\n  cache: { ${SLEEPER} }\n`);
    await converge(device);
    const found = [...(await containers())].map(([name, { Id, State }]) => [name, `${Id} ${State.StartedAt}`] as const);
    seen.push(new Map(found));
  }
  const names = (...numbers: readonly number[]) => [`${id}-cache-1`, ...numbers.map((number) => `${id}-web-${number}`)];
  expect(seen.map((one) => [...one.keys()].sort())).toEqual([names(1), names(1, 2, 3), names(1, 2)]);
  const [one, three, two] = seen;
  for (const name of names(1)) expect([three?.get(name), two?.get(name)]).toEqual([one?.get(name), one?.get(name)]);
  expect(two?.get(`${id}-web-2`)).toBe(three?.get(`${id}-web-2`));
});

test.concurrent('a crash loop is told steadily, with its exit code, and nothing else is disturbed', async () => {
  await using host = await makeHost();
  const { device, commitApp, container } = host;
  const crashing = '{ image: holdfast/busybox:1, command: [sh, -c, "sleep 0.3; exit 7"], restart: always }';
  await commitApp('{}', `  bad: ${crashing}\n  web: { ${SLEEPER} }\n`);
  await using _agent = await device.start();
  const bad = () => device.status().apps[0]?.services.find(({ name }) => name === 'bad');
  const LOOP = /^crash loop: restarted \d+ times in \d+ min, last exit code 7$/;
  await waitFor(() => LOOP.test(bad()?.message ?? ''), within('the crash loop is told', 60_000));
  const started = (await container('web-1'))?.State.StartedAt;
  for (let look = 0; look < 4; look++) {
    expect(bad()).toMatchObject({ health: 'Degraded', message: expect.stringMatching(LOOP) });
    await sleep(500);
  }
  expect((await container('web-1'))?.State.StartedAt).toBe(started);
});
