// An update that does not work, on the real Engine: the app goes back to its last known good by itself, the other apps are
// updated all the same, and what failed is not tried again until Git moves or a person asks.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Status } from '../../fleet/wire/messages.ts';
import { converge } from '../support/converge.ts';
import { freePort, type Program, takenPort, uniqueId } from '../support/machine.ts';
import { makeSite } from '../support/site.ts';
import { waitFor } from '../support/wait.ts';

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

function web(
  port: number,
  { release, command = SERVE, healthy = 'true', check: given, more = '', after = '', ports }: Web,
): string {
  const check =
    given ?? `, healthcheck: { test: ["CMD-SHELL", "${healthy}"], interval: 300ms, timeout: 200s, retries: 2 }`;
  return `services:
  web: { image: "holdfast/busybox:${release}", command: ${JSON.stringify(['sh', '-c', command])}, stop_signal: SIGKILL, ports: ["127.0.0.1:${port}:80"${ports === undefined ? '' : `, "127.0.0.1:${ports}:81"`}], restart: always${check}${more} }${after}
`;
}

function sleeper(zone: string): string {
  return `services: { web: { image: "holdfast/busybox:1", command: [sleep, "100000"], stop_signal: SIGKILL, environment: { TZ: ${zone} } } }\n`;
}

/** Doubles what it holds until the Engine ends it. */
const GROW = 'x=0123456789abcdef; while true; do x=$$x$$x; done';

/** A device with two apps, on release 1. `zone` is the other app's: what shows that it was updated. */
async function makeShop() {
  const site = await makeSite();
  const { id, device } = site;
  const [kiosk, meter] = [uniqueId('kiosk'), uniqueId('meter')];
  const port = await freePort();
  const commit = async (given: Web, zone: string, timeout = '5s') =>
    await site.commit({
      'device.yaml': `apps:
  - { name: ${kiosk}, compose: kiosk.yaml, health_timeout: ${timeout} }
  - { name: ${meter}, compose: meter.yaml }
`,
      'kiosk.yaml': web(port, given),
      'meter.yaml': sleeper(zone),
    });
  const page = async (): Promise<string | null> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) });
      return (await answer.text()).trim();
    } catch {
      return null;
    }
  };
  const container = async (app: string) => (await site.containers()).get(`${app}-web-1`);
  const quarantined = () => device.status().apps.find(({ name }) => name === kiosk)?.quarantined?.revision;
  /** Waits until the device is back on release 1, and the other app in `zone`. */
  const rolledBack = (zone: string): Promise<Status> =>
    waitFor(async () => {
      const now = device.status();
      const quarantined = now.apps.find(({ name }) => name === kiosk)?.quarantined;
      const other = await container(meter);
      const updated = other?.State.Status === 'running' && other.Config.Env?.includes(`TZ=${zone}`);
      return quarantined !== undefined && now.health === 'Healthy' && updated && (await page()) === 'release 1'
        ? now
        : null;
    }, within('the last known good runs again, and the other app is updated'));
  /** Ids and starts of both apps' containers: what stays when nothing is done. */
  const runs = async () => {
    const both = await Promise.all([container(kiosk), container(meter)]);
    return both.map((one) => `${one?.Id} ${one?.State.StartedAt}`).join();
  };
  await commit({ release: 1 }, 'UTC');
  await converge(device);
  return { ...site, id, kiosk, meter, commit, page, container, quarantined, rolledBack, runs };
}

/** Several cycles, at an interval of a second. */
async function cycles(): Promise<void> {
  await sleep(4000);
}

/** Each goes on where the one before has left its device. */
const IN_TURN = { concurrent: false };

describe.concurrent('an update that does not get healthy', () => {
  let shop: Awaited<ReturnType<typeof makeShop>>;
  beforeAll(async () => {
    shop = await makeShop();
  });
  afterAll(() => shop[Symbol.asyncDispose]());

  it('is rolled back by itself, and the other app of the same commit is updated all the same', IN_TURN, async () => {
    const { kiosk, meter, device, commit, rolledBack, runs } = shop;
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

  it(
    'stays in quarantine over a restart of the agent without Git, and over commits that do not concern it',
    IN_TURN,
    async () => {
      const { meter, fleet, device, commit, page, container, quarantined, runs } = shop;
      const before = await runs();
      await fleet.away();
      {
        await using _agent = await device.start();
        const { host } = new URL(fleet.url);
        await waitFor(
          async () => device.status().conditions.some(({ message }) => message.includes(host)),
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
    },
  );

  it('is tried again where a person asks, with a running agent and without', IN_TURN, async () => {
    const { kiosk, device, container, quarantined, rolledBack } = shop;
    const tried = async () =>
      await waitFor(async () => {
        const { Config } = (await container(kiosk)) ?? {};
        return Config?.Image === 'holdfast/busybox:2';
      }, within('the failed version is tried again'));
    {
      await using agent = await device.start();
      await waitFor(() => agent.output().includes('starting from'), within('the agent runs'));
      expect(quarantined()).toBeDefined();
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

  it('makes room for the next commit', IN_TURN, async () => {
    const { device, commit, page } = shop;
    const good = await commit({ release: 2 }, 'UTC');
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(0);
    expect(await page()).toBe('release 2');
    expect(device.status().revision.last_good).toBe(`main@sha1:${good}`);
    await commit({ release: 1 }, 'UTC');
    expect((await device.agent('once')).code).toBe(0);
  });
});

describe.concurrent('an update that crashes', () => {
  it.each([
    [
      'again and again',
      { release: 2, command: 'exit 1', healthy: 'true' },
      /crash loop: restarted .* last exit code 1/,
    ],
    ['for want of memory', { release: 2, command: GROW, more: ', mem_limit: 16m' }, /out of memory/],
  ] as const)('%s is rolled back after a few attempts, and it is said why', async (_how, given, why) => {
    await using shop = await makeShop();
    const { device, commit, page } = shop;
    await commit(given, 'UTC', '10m');
    const startedMs = performance.now();
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(1);
    expect(await page(), ran.output).toBe('release 1');
    const { conditions } = device.status();
    expect(conditions[0]?.message).toMatch(why);
    expect(performance.now() - startedMs, 'no timeout was waited for').toBeLessThan(40_000);
    await commit({ release: 1 }, 'UTC');
    expect((await device.agent('once')).code).toBe(0);
  });
});

describe.concurrent('an update that the Engine cannot start', () => {
  it('leaves the old container serving, and is not tried in vain again', async () => {
    await using shop = await makeShop();
    const { kiosk, meter, device, containers, commit, page, quarantined } = shop;
    await using other = await takenPort();
    const bad = await commit({ release: 2, ports: other.port }, 'UTC');
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(1);
    expect(await page()).toBe('release 1');
    expect(await quarantined()).toBe(`main@sha1:${bad}`);
    expect([...(await containers()).keys()].sort()).toEqual([`${kiosk}-web-1`, `${meter}-web-1`].sort());
    expect(await device.agent('plan')).toMatchObject({ code: 0 });
    await commit({ release: 1 }, 'UTC');
    expect((await device.agent('once')).code).toBe(0);
  });
});

describe.concurrent('an update without a health check that crashes only after a while', () => {
  it('is found good and gives way all the same', async () => {
    await using shop = await makeShop();
    const { device, commit, page, quarantined } = shop;
    await using _agent = await device.start();
    await waitFor(async () => (await page()) === 'release 1', within('release 1 runs'));
    const bad = await commit({ release: 2, command: 'httpd -p 80 -h /www; sleep 3; exit 1', check: '' }, 'UTC', '2m');
    await waitFor(async () => device.status().revision.last_good === `main@sha1:${bad}`, within('it is found good'));
    await waitFor(async () => (await quarantined()) === `main@sha1:${bad}`, within('it is in quarantine'));
    await waitFor(async () => (await page()) === 'release 1', within('release 1 runs again'));
    expect(device.status().revision.last_good).not.toBe(`main@sha1:${bad}`);
  });
});

describe.concurrent('a new commit while an update gets healthy', () => {
  it('takes over at once', async () => {
    await using shop = await makeShop();
    const { kiosk, device, commit, page, container, quarantined } = shop;
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
    await waitFor(async () => device.status().sync === 'Synced', within('it is in sync'));
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
