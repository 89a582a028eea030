// The agent and the Engine end between and inside any two steps of an update, on the real Engine: whoever comes next finishes,
// nothing is left over or made twice, and under start-first somebody healthy serves all the time.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { type PrivateEngine, startEngine } from '../../scripts/engine.ts';
import { ensureImages } from '../../scripts/images.ts';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, docker } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { type Life, live, type Moment } from '../support/mortal.ts';

let folder: TemporaryFolder;
const fleets: Fleet[] = [];
const ids: string[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  for (const id of ids) await cleanup(id);
  for (const fleet of fleets) await fleet.close();
  await folder[Symbol.asyncDispose]();
});

/** One host's life, told to end here and there. */
interface Lane extends Pick<Device, 'id' | 'configFile'> {
  declare(compose: string): Promise<void>;
}

async function makeLane(app: string, socket?: string): Promise<Lane> {
  const id = uniqueId();
  if (socket === undefined) ids.push(id);
  const place = join(folder.path, id);
  const fleet = await makeFleet(place);
  fleets.push(fleet);
  const its = socket === undefined ? {} : { socket };
  const { configFile } = await makeDevice({ id, url: fleet.url, folder: join(place, 'agent'), ...its });
  const declare = async (compose: string) => {
    await fleet.commit({
      [`devices/${id}/device.yaml`]: `apps: [ { name: ${id}, compose: compose.yaml, ${app} } ]\n`,
      [`devices/${id}/compose.yaml`]: compose,
    });
  };
  return { id, configFile, declare };
}

const SLEEP = 'command: [sleep, "100000"], stop_signal: SIGKILL';
const checked = (test: string) =>
  `healthcheck: { test: ["CMD-SHELL", "${test}"], interval: 300ms, timeout: 20s, retries: 1 }`;

interface Case {
  /** Keys of the app. */
  readonly app: string;
  /** Declared first, and what every life has to end with unless a change is good. */
  compose(change: number): string;
  /** Names and images of the containers in the end, of the change so far. */
  wanted(change: number): Readonly<Record<string, string>>;
  /** The new version is ready in the end. */
  readonly good: boolean;
}

const image = (change: number) => `holdfast/busybox:${1 + (change % 2)}`;

const CASES: Readonly<Record<string, Case>> = {
  'a stop-first update of two services of which one needs the other healthy': {
    app: 'strategy: stop-first, health_timeout: 20s',
    compose: (change) => `services:
  db: { image: "${image(change)}", ${SLEEP}, ${checked('true')}, stop_grace_period: 1s }
  web: { image: "${image(change)}", ${SLEEP}, depends_on: { db: { condition: service_healthy, restart: true } } }
`,
    wanted: (change) => ({ 'db-1': image(change), 'web-1': image(change) }),
    good: true,
  },
  'a start-first update': {
    app: 'strategy: start-first, health_timeout: 20s',
    compose: (change) => `services:
  web: { image: "${image(change)}", command: [httpd, -f, -p, "80", -h, /www], stop_signal: SIGKILL, ${checked('wget -q -O /dev/null http://127.0.0.1/')} }
`,
    wanted: (change) => ({ 'web-1': image(change) }),
    good: true,
  },
  'an update that does not get healthy, and the way back': {
    app: 'strategy: stop-first, health_timeout: 4s',
    compose: (change) =>
      change === 0
        ? `services: { web: { image: "${image(0)}", ${SLEEP}, ${checked('true')} } }\n`
        : `services: { web: { image: "${image(1)}", ${SLEEP}, ${checked('false')}, environment: { TRY: "${change}" } } }\n`,
    wanted: () => ({ 'web-1': image(0) }),
    good: false,
  },
};

/** Lives that are told apart at once: most of a life is waiting. */
const LANES = 5;

async function startLane(given: Case): Promise<Lane> {
  const lane = await makeLane(given.app);
  await lane.declare(given.compose(0));
  const first = await live(lane);
  expect(first.ready, first.log.join('\n')).toBe(true);
  return lane;
}

/** Also on a machine that has other work. */
const LONG = { timeout: 400_000 };

describe.each(Object.entries(CASES))('%s', LONG, (_name, given) => {
  it('ends the same whatever step the agent does not survive', async () => {
    const lanes = await Promise.all(Array.from({ length: LANES }, () => startLane(given)));
    const [scout] = lanes;
    if (scout === undefined) throw new Error('no lane');
    await scout.declare(given.compose(1));
    const whole = await live({ ...scout, look: (where) => checkServed(scout, given, where) });
    await checkEnd(scout, given, 1, whole);
    const moments = whole.steps.flatMap((step, at): Moment[] => [
      // Before the others nothing is written that was not there after the one that came before.
      ...(/^(create|remove|rename)/.test(step) ? [{ step: at, when: 'before' } as const] : []),
      { step: at, when: 'after' },
    ]);
    const ends = await Promise.allSettled(
      lanes.map(async (lane, index) => {
        let change = lane === scout ? 1 : 0;
        for (const moment of moments.filter((_moment, at) => at % LANES === index)) {
          change++;
          await interrupted(lane, given, change, moment, whole.steps[moment.step] ?? '');
        }
      }),
    );
    expect(ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))).toEqual([]);
  });
});

async function interrupted(lane: Lane, given: Case, change: number, moment: Moment, step: string): Promise<void> {
  const where = `${moment.when} ${moment.step} ${step}`;
  await lane.declare(given.compose(change));
  const look = (after: string) => checkServed(lane, given, `${where}, ${after}`);
  const cut = await live({ ...lane, moment, look });
  expect(cut.ended, `${where}: ${cut.steps.join(', ')}`).toBe(true);
  // However long it takes until the next agent starts.
  await look('nobody there');
  await checkEnd(lane, given, change, await live({ ...lane, look }), where);
}

/** What is declared runs, alone, and another agent finds nothing to do. */
async function checkEnd({ id, configFile }: Lane, given: Case, change: number, last: Life, where = ''): Promise<void> {
  expect(last.ready, `${where}: ${last.log.join('\n')}`).toBe(given.good);
  const containers = await containersOf(id);
  const found = [...containers].map(([name, { Config, State }]) => [name, `${Config.Image} ${State.Status}`]);
  const wanted = Object.entries(given.wanted(change)).map(([name, of]) => [`${id}-${name}`, `${of} running`]);
  expect(Object.fromEntries(found), where).toEqual(Object.fromEntries(wanted));
  const again = await live({ configFile });
  expect(again.steps, where).toEqual([]);
}

/** Every address that the service's name leads to answers, and there is one. */
async function checkServed({ id }: Lane, given: Case, where: string): Promise<void> {
  if (!given.app.includes('start-first')) return;
  const network = `${id}_default`;
  const leads = ({ NetworkSettings, State }: ContainerInspect) =>
    State.Status === 'running' && NetworkSettings.Networks?.[network]?.Aliases?.includes('web') === true;
  const served = [...(await containersOf(id)).values()].filter(leads);
  expect(served.length, `${where}: somebody serves`).toBeGreaterThan(0);
  for (const { NetworkSettings } of served) {
    const address = NetworkSettings.Networks?.[network]?.IPAddress;
    const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(5000) });
    expect(await answer.text(), where).toContain('release');
  }
}

describe('an Engine that is killed', () => {
  let engine: PrivateEngine;
  beforeAll(async () => {
    engine = await startEngine({ dir: await mkdtemp(join(tmpdir(), 'hf-crash-')), firewall: false });
    await ensureImages(engine.socket, ['holdfast/busybox:1']);
  });
  afterAll(() => engine.stop());

  it.each([
    ['create-container', 0],
    ['create-container', 30],
    ['start-container', 0],
    ['start-container', 60],
  ] as const)('in the middle of %s, %i ms in, has the container once, and it runs', async (kind, afterMs) => {
    const { socket } = engine;
    const lane = await makeLane('strategy: stop-first', socket);
    await lane.declare(`services: { web: { image: "holdfast/busybox:1", ${SLEEP}, restart: always } }\n`);
    let killed: Promise<void> | undefined;
    const kill = async () => {
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await engine.kill();
      await engine.restart();
    };
    const first = await live({
      ...lane,
      during(step) {
        if (step.kind === kind) killed ??= kill();
      },
    });
    await killed;
    expect(killed, first.steps.join(', ')).toBeDefined();
    const next = await live(lane);
    expect(next.ready, next.log.join('\n')).toBe(true);
    const containers = await containersOf(lane.id, { socket });
    expect([...containers].map(([name, { State }]) => `${name} ${State.Status}`)).toEqual([`${lane.id}-web-1 running`]);
    expect((await live(lane)).steps).toEqual([]);
    await docker('DELETE', `/containers/${lane.id}-web-1?force=true`, undefined, { socket });
  });
});
