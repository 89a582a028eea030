// An update that does not work, on the real Engine: the app goes back to its last known good by itself, the other apps are
// updated all the same, and what failed is not tried again until Git moves or a person asks.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { freePort, type Program, type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

let folder: TemporaryFolder;
let fleet: Fleet;
let device: Device;
let port: number;
const id = uniqueId();
const [kiosk, meter] = [uniqueId('kiosk'), uniqueId('meter')];
const within = (what: string) => ({ timeoutMs: 45_000, what });

interface Web {
  /** Image and page. */
  readonly release: 1 | 2;
  readonly command?: string;
  /** Shell text of a health check. */
  readonly healthy?: string;
  readonly more?: string;
  /** A further port of the host. */
  readonly ports?: number;
  /** In place of the health check. */
  readonly check?: string;
  /** A further service. */
  readonly after?: string;
}

const SERVE = 'exec httpd -f -p 80 -h /www';

function web({ release, command = SERVE, healthy = 'true', check: given, more = '', after = '', ports }: Web): string {
  const check =
    given ?? `, healthcheck: { test: ["CMD-SHELL", "${healthy}"], interval: 300ms, timeout: 200s, retries: 2 }`;
  return `services:
  web: { image: "holdfast/busybox:${release}", command: ${JSON.stringify(['sh', '-c', command])}, stop_signal: SIGKILL, ports: ["127.0.0.1:${port}:80"${ports === undefined ? '' : `, "127.0.0.1:${ports}:81"`}], restart: always${check}${more} }${after}
`;
}

function sleeper(zone: string): string {
  return `services: { web: { image: "holdfast/busybox:1", command: [sleep, "100000"], stop_signal: SIGKILL, environment: { TZ: ${zone} } } }\n`;
}

/** `zone` is the other app's: what shows that it was updated. */
async function commit(given: Web, zone: string, timeout = '5s'): Promise<string> {
  return await fleet.commit({
    [`devices/${id}/device.yaml`]: `apps:
  - { name: ${kiosk}, compose: kiosk.yaml, health_timeout: ${timeout} }
  - { name: ${meter}, compose: meter.yaml }
`,
    [`devices/${id}/kiosk.yaml`]: web(given),
    [`devices/${id}/meter.yaml`]: sleeper(zone),
  });
}

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
  port = await freePort();
  device = await makeDevice({ id, url: fleet.url, folder: join(folder.path, id) });
  await commit({ release: 1 }, 'UTC');
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
});

afterAll(async () => {
  await cleanup(id);
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

async function page(): Promise<string | null> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) });
    return (await answer.text()).trim();
  } catch {
    return null;
  }
}

async function container(app: string) {
  return (await containersOf(id)).get(`${app}-web-1`);
}

interface Status {
  readonly sync: string;
  readonly health: string;
  readonly revision: { readonly last_good: string };
  readonly conditions: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
  readonly apps: readonly {
    readonly name: string;
    readonly sync: string;
    readonly revision?: string;
    readonly quarantined?: { readonly revision: string; readonly reason: string };
  }[];
}

async function status(): Promise<Status> {
  return JSON.parse((await device.agent('status', '-o', 'json')).output) as Status;
}

/** Waits until the device is back on release 1, and the other app in `zone`. */
async function rolledBack(zone: string): Promise<Status> {
  return await waitFor(async () => {
    const now = await status();
    const quarantined = now.apps.find(({ name }) => name === kiosk)?.quarantined;
    const other = await container(meter);
    const updated = other?.State.Status === 'running' && other.Config.Env?.includes(`TZ=${zone}`);
    return quarantined !== undefined && now.health === 'Healthy' && updated && (await page()) === 'release 1'
      ? now
      : null;
  }, within('the last known good runs again, and the other app is updated'));
}

/** Doubles what it holds until the Engine ends it. */
const GROW = 'x=0123456789abcdef; while true; do x=$$x$$x; done';

async function quarantined(): Promise<string | undefined> {
  return (await status()).apps.find(({ name }) => name === kiosk)?.quarantined?.revision;
}

/** Ids and starts of both apps' containers: what stays when nothing is done. */
async function runs(): Promise<string> {
  const both = await Promise.all([container(kiosk), container(meter)]);
  return both.map((one) => `${one?.Id} ${one?.State.StartedAt}`).join();
}

/** Several cycles, at an interval of a second. */
async function cycles(): Promise<void> {
  await sleep(4000);
}

describe('an update that does not get healthy', () => {
  it('is rolled back by itself, and the other app of the same commit is updated all the same', async () => {
    const bad = await commit({ release: 2, healthy: 'false' }, 'Asia/Tokyo');
    await using _agent = await device.start();
    const now = await rolledBack('Asia/Tokyo');
    expect(now.sync).toBe('OutOfSync');
    expect(now.conditions.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Ready RolledBack',
      'Stalled RolledBack',
    ]);
    expect(now.conditions[0]?.message).toContain(`${kiosk}/web: unhealthy`);
    expect(now.apps).toMatchObject([
      { name: kiosk, sync: 'OutOfSync', quarantined: { revision: `main@sha1:${bad}`, reason: 'HealthCheckFailed' } },
      { name: meter, sync: 'Synced', revision: `main@sha1:${bad}` },
    ]);
    const before = await runs();
    await cycles();
    expect(await runs(), 'it is not tried again').toBe(before);
  });

  it('stays in quarantine over a restart of the agent without Git, and over commits that do not concern it', async () => {
    const before = await runs();
    await fleet.away();
    {
      await using _agent = await device.start();
      const { host } = new URL(fleet.url);
      await waitFor(
        async () => (await status()).conditions.some(({ message }) => message.includes(host)),
        within('the agent says that Git is away'),
      );
      await cycles();
      expect(await runs()).toBe(before);
      expect(await page()).toBe('release 1');
      expect((await device.agent('status')).output).toContain('is in quarantine since');
    }
    await fleet.back();
    const other = await commit({ release: 2, healthy: 'false' }, 'Europe/Oslo');
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(1);
    expect((await container(meter))?.Config.Env).toContain('TZ=Europe/Oslo');
    expect(await page()).toBe('release 1');
    expect(await quarantined()).not.toBe(`main@sha1:${other}`);
  });

  it('is tried again where a person asks, with a running agent and without', async () => {
    const tried = async () =>
      await waitFor(async () => {
        const { Config } = (await container(kiosk)) ?? {};
        return Config?.Image === 'holdfast/busybox:2';
      }, within('the failed version is tried again'));
    {
      await using _agent = await device.start();
      await waitFor(quarantined, within('it is in quarantine'));
      expect(await device.agent('retry', kiosk)).toMatchObject({ code: 0, output: expect.stringContaining('now') });
      await tried();
      await rolledBack('Europe/Oslo');
    }
    expect(await device.agent('retry', 'nobody')).toMatchObject({ code: 1 });
    expect(await device.agent('retry')).toMatchObject({ code: 0, output: expect.stringContaining('run') });
    await using _agent = await device.start();
    await tried();
    await rolledBack('Europe/Oslo');
  });

  it('makes room for the next commit', async () => {
    const good = await commit({ release: 2 }, 'UTC');
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(0);
    expect(await page()).toBe('release 2');
    expect((await status()).revision.last_good).toBe(`main@sha1:${good}`);
    await commit({ release: 1 }, 'UTC');
    expect((await device.agent('once')).code).toBe(0);
  });
});

describe('an update that crashes', () => {
  it.each([
    [
      'again and again',
      { release: 2, command: 'exit 1', healthy: 'true' },
      /crash loop: restarted .* last exit code 1/,
    ],
    ['for want of memory', { release: 2, command: GROW, more: ', mem_limit: 16m' }, /out of memory/],
  ] as const)('%s is rolled back after a few attempts, and it is said why', async (_how, given, why) => {
    await commit(given, 'UTC', '10m');
    const startedMs = performance.now();
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(1);
    expect(await page(), ran.output).toBe('release 1');
    const { conditions } = await status();
    expect(conditions[0]?.message).toMatch(why);
    expect(performance.now() - startedMs, 'no timeout was waited for').toBeLessThan(40_000);
    await commit({ release: 1 }, 'UTC');
    expect((await device.agent('once')).code).toBe(0);
  });
});

describe('an update that the Engine cannot start', () => {
  it('leaves the old container serving, and is not tried in vain again', async () => {
    await using other = await listener();
    const bad = await commit({ release: 2, ports: other.port }, 'UTC');
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(1);
    expect(await page()).toBe('release 1');
    expect(await quarantined()).toBe(`main@sha1:${bad}`);
    expect([...(await containersOf(id)).keys()].sort()).toEqual([`${kiosk}-web-1`, `${meter}-web-1`].sort());
    expect(await device.agent('plan')).toMatchObject({ code: 0 });
    await commit({ release: 1 }, 'UTC');
    expect((await device.agent('once')).code).toBe(0);
  });
});

/** Somebody who has a port of this host already. */
async function listener(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the host gave no port');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

describe('an update without a health check that crashes only after a while', () => {
  it('is found good and gives way all the same', async () => {
    await using _agent = await device.start();
    await waitFor(async () => (await page()) === 'release 1', within('release 1 runs'));
    const bad = await commit({ release: 2, command: 'httpd -p 80 -h /www; sleep 3; exit 1', check: '' }, 'UTC', '2m');
    await waitFor(async () => (await status()).revision.last_good === `main@sha1:${bad}`, within('it is found good'));
    await waitFor(async () => (await quarantined()) === `main@sha1:${bad}`, within('it is in quarantine'));
    await waitFor(async () => (await page()) === 'release 1', within('release 1 runs again'));
    expect((await status()).revision.last_good).not.toBe(`main@sha1:${bad}`);
  });
});

describe('a new commit while an update gets healthy', () => {
  it('takes over at once', async () => {
    await using agent = await device.start();
    const dependent = `
  front: { image: "holdfast/busybox:1", command: [sleep, "100000"], stop_signal: SIGKILL, depends_on: { web: { condition: service_healthy } } }`;
    await commit({ release: 2, healthy: 'sleep 100', after: dependent }, 'UTC', '10m');
    await waitFor(
      async () => (await container(kiosk))?.State.Health?.Status === 'starting' && (await page()) === 'release 2',
      within('the update is awaited'),
    );
    const startedMs = performance.now();
    await commit({ release: 1, after: dependent }, 'UTC', '10m');
    await waitFor(async () => (await page()) === 'release 1', within('the next commit runs'));
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    await waitFor(async () => (await status()).sync === 'Synced', within('it is in sync'));
    expect(await quarantined()).toBeUndefined();
    expect(said(agent), 'what was ended did not fail').toEqual([]);
  });
});

function said(agent: Program): string[] {
  return agent
    .output()
    .split('\n')
    .filter((line) => line.includes('"RolledBack"'));
}
