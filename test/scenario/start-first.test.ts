// start-first on the real Engine, as clients see it: a container on the service's network that asks for its name ten times
// a second, over updates, over the way back, and over kill -9 of the agent in the middle of both; and a host port that
// cannot be shared.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, docker, dockerOk } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { freePort, startProgram, type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

let folder: TemporaryFolder;
const sites: Site[] = [];
const within = (what: string) => ({ timeoutMs: 60_000, what });

/** A web server that heeds SIGTERM, and says which release it is. */
const SERVE = '["sh", "-c", "trap \'kill $$p; exit 0\' TERM; httpd -f -p 80 -h /www & p=$$!; wait"]';
const CHECK =
  'healthcheck: { test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1/"], interval: 500ms, timeout: 10s, retries: 2 }';

function web(release: number, more = '', command = SERVE): string {
  return `services:\n  web: { image: "holdfast/busybox:${release}", command: ${command}, ${CHECK}, stop_grace_period: 5s${more} }\n`;
}

/** A device with one app: most of an update is waiting, so that several tests do so side by side. */
interface Site {
  readonly id: string;
  readonly app: string;
  readonly prober: string;
  readonly fleet: Fleet;
  readonly device: Device;
}

async function makeSite(compose = web(1)): Promise<Site> {
  const [id, app] = [uniqueId(), uniqueId('app')];
  const place = join(folder.path, id);
  const fleet = await makeFleet(place);
  const device = await makeDevice({ id, url: fleet.url, folder: join(place, 'agent') });
  const site = { id, app, prober: `prober-${id}`, fleet, device };
  sites.push(site);
  await fleet.commit({
    [`devices/${id}/device.yaml`]: `apps: [ { name: ${app}, compose: compose.yaml, strategy: start-first, health_timeout: 30s } ]\n`,
    [`devices/${id}/compose.yaml`]: compose,
  });
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
  return site;
}

async function declare({ id, fleet }: Site, compose: string): Promise<void> {
  await fleet.commit({ [`devices/${id}/compose.yaml`]: compose });
}

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  for (const { id, prober, fleet } of sites) {
    await docker('DELETE', `/containers/${prober}?force=true`);
    await cleanup(id);
    await fleet.close();
  }
  await folder[Symbol.asyncDispose]();
});

/**
 * Of a probe. On a machine with time to spare 3 s are enough (`fleet/reconcile/plan/retire.ts`); where everything waits for a
 * processor, the repeated request may come too early as well, and TCP sends the next one 7 s after the first.
 */
const PATIENCE_MS = 8000;

/**
 * Starts the prober; `end` gives what each probe got. A connection request that is lost in the moment in which the Engine moves a
 * name is repeated by TCP after 1 s, 3 s and 7 s.
 */
async function probing({ app, prober }: Site): Promise<{ end(): Promise<readonly string[]> }> {
  await dockerOk('POST', `/containers/create?name=${prober}`, {
    Image: 'holdfast/busybox:1',
    Cmd: ['sleep', '100000'],
    HostConfig: { NetworkMode: `${app}_default` },
  });
  await dockerOk('POST', `/containers/${prober}/start`);
  const { State } = await dockerOk<{ State: { Pid: number } }>('GET', `/containers/${prober}/json`);
  const client = [process.execPath, 'test/support/probe.ts', 'web', String(PATIENCE_MS)];
  const program = await startProgram('nsenter', ['--net', `--target=${State.Pid}`, ...client]);
  await waitFor(() => program.output().includes('200 '), within('the prober is answered'));
  return {
    async end() {
      await sleep(PATIENCE_MS + 500);
      await program[Symbol.asyncDispose]();
      await docker('DELETE', `/containers/${prober}?force=true`);
      return program
        .output()
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split('\t')[0] ?? '');
    },
  };
}

function checkProbes(probes: readonly string[], releases: readonly number[]): void {
  expect(probes.filter((said) => !said.startsWith('200 release'))).toEqual([]);
  expect(probes.length).toBeGreaterThan(50);
  expect([...new Set(probes)].sort()).toEqual(releases.map((release) => `200 release ${release}`));
}

const find = async ({ id, app }: Site, name: string) => (await containersOf(id)).get(`${app}-${name}`);
const answersWeb = ({ app }: Site, container: ContainerInspect | undefined) =>
  container?.NetworkSettings.Networks?.[`${app}_default`]?.Aliases?.includes('web') === true;
const isServing = async (site: Site, release: number) => {
  const containers = await containersOf(site.id);
  const served = containers.get(`${site.app}-web-1`);
  return (
    containers.size === 1 &&
    served?.Config.Image === `holdfast/busybox:${release}` &&
    served.State.Status === 'running' &&
    answersWeb(site, served)
  );
};

const leadsToBoth = async (site: Site) => answersWeb(site, await find(site, 'web-1--next'));

/** How far a replacement has come. */
const MOMENTS: Readonly<Record<string, (site: Site) => Promise<boolean>>> = {
  'the new container is created': async (site) => (await find(site, 'web-1--next')) !== undefined,
  'the new container runs': async (site) => (await find(site, 'web-1--next'))?.State.Status === 'running',
  'the name leads to both': leadsToBoth,
  'the name no longer leads to the old one': async (site) =>
    (await find(site, 'web-1--next')) !== undefined && !answersWeb(site, await find(site, 'web-1')),
  'the old one is gone': async ({ id, app }) => {
    const containers = await containersOf(id);
    return containers.has(`${app}-web-1--next`) && containers.get(`${app}-web-1`)?.State.Status !== 'running';
  },
};

/** Also on a machine that has other work. */
const LONG = { timeout: 400_000 };

describe.concurrent('a service that is reached over its name', LONG, () => {
  it('misses no probe over an update, over the way back, and over one that does not get healthy', async () => {
    const site = await makeSite();
    const probes = await probing(site);
    for (const release of [2, 1]) {
      await declare(site, web(release));
      const ran = await site.device.agent('once');
      expect(ran.code, ran.output).toBe(0);
      expect(await isServing(site, release)).toBe(true);
    }
    const before = await find(site, 'web-1');
    await declare(site, web(2, '', '[sleep, "100000"]'));
    const ran = await site.device.agent('once');
    expect(ran.code).toBe(1);
    expect(ran.output).toContain('RolledBack');
    expect((await find(site, 'web-1'))?.Id).toBe(before?.Id);
    await declare(site, web(1));
    expect((await site.device.agent('once')).code).toBe(0);
    expect(await isServing(site, 1)).toBe(true);
    checkProbes(await probes.end(), [1, 2]);
  });

  it('misses none however far the update has come when the agent is killed', async () => {
    const site = await makeSite();
    const probes = await probing(site);
    let release = 1;
    for (const [what, reached] of Object.entries(MOMENTS)) {
      release = 3 - release;
      {
        await using _killed = await site.device.start();
        await declare(site, web(release));
        await waitFor(() => reached(site), within(`the moment is reached that ${what}`));
      }
      await sleep(1000);
      await using _program = await site.device.start();
      await waitFor(() => isServing(site, release), within(`release ${release} serves alone after ${what}`));
    }
    checkProbes(await probes.end(), [1, 2]);
  });

  it('misses none when the agent is killed while a version that does not get healthy is tried, and while it is taken back', async () => {
    const site = await makeSite();
    const before = await find(site, 'web-1');
    const probes = await probing(site);
    const isTried = async () => (await find(site, 'web-1--next'))?.State.Status === 'running';
    const agent = async () => await site.device.start();
    {
      await using _killed = await agent();
      await declare(site, web(2, '', '[sleep, "100000"]'));
      await waitFor(isTried, within('the new version is tried'));
    }
    {
      await using _killed = await agent();
      await waitFor(async () => !(await isTried()), within('it is taken back'));
    }
    await using _agent = await agent();
    const isBack = () => site.device.status().conditions.some(({ reason }) => reason === 'RolledBack');
    await waitFor(
      async () => (await isServing(site, 1)) && isBack(),
      within('the old version serves alone, and is said to'),
    );
    expect((await find(site, 'web-1'))?.Id).toBe(before?.Id);
    checkProbes(await probes.end(), [1]);
  });

  it('misses none when Git goes back while the name leads to both', async () => {
    const site = await makeSite();
    const probes = await probing(site);
    await using program = await site.device.start();
    await declare(site, web(2));
    await waitFor(() => leadsToBoth(site), within('the moment is reached'));
    await declare(site, web(1));
    await waitFor(() => isServing(site, 1), within('release 1 serves alone'));
    expect(program.child.exitCode).toBeNull();
    checkProbes(await probes.end(), [1, 2]);
  });
});

describe.concurrent('a host port that cannot be shared', LONG, () => {
  it('answers on while a new version fails its trial, and has one short gap for one that passes', async () => {
    const port = await freePort();
    const published = `, ports: ["127.0.0.1:${port}:80"]`;
    const site = await makeSite(web(1, published));
    const answers: boolean[] = [];
    const ended = new AbortController();
    const asking = (async () => {
      while (!ended.signal.aborted) {
        const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) }).catch(
          () => null,
        );
        answers.push(answer?.ok === true);
        await sleep(100);
      }
    })();
    await declare(site, web(2, published, '[sleep, "100000"]'));
    const failed = await site.device.agent('once');
    expect(failed.code).toBe(1);
    expect(answers.filter((answered) => !answered)).toEqual([]);
    await declare(site, web(2, published));
    const ran = await site.device.agent('once');
    expect(ran.code, ran.output).toBe(0);
    expect(await isServing(site, 2)).toBe(true);
    await sleep(500);
    ended.abort();
    await asking;
    // Misses follow each other: one gap, and not a long one.
    const text = answers.map((answered) => (answered ? '+' : '-')).join('');
    expect(text).toMatch(/^\++-{0,60}\++$/);
  });
});
