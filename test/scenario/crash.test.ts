// The agent ends between any two steps of an update, on the real Engine: whoever comes next finishes, nothing is left over or
// made twice, and under start-first somebody healthy serves all the time.
import { afterAll, describe, expect, it } from 'vitest';
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { type Life, live, type Moment } from '../support/mortal.ts';
import { makeSite, type Site } from '../support/site.ts';

const sites: Site[] = [];

afterAll(async () => {
  await Promise.all(sites.map((site) => site[Symbol.asyncDispose]()));
});

/** One host's life, told to end here and there. */
interface Lane extends Pick<Site, 'id' | 'containers'> {
  readonly configFile: string;
  declare(compose: string): Promise<unknown>;
}

async function makeLane(app: string): Promise<Lane> {
  const site = await makeSite();
  sites.push(site);
  const { id, device, containers, commit } = site;
  await commit({ 'device.yaml': `apps: [ { name: ${id}, compose: compose.yaml, ${app} } ]\n` });
  return { id, containers, configFile: device.configFile, declare: (text) => commit({ 'compose.yaml': text }) };
}

const SLEEP = 'command: [sleep, "100000"], stop_signal: SIGKILL';
/** Each check is a process that the Engine starts: not too often, with so many lanes. */
const checked = (test: string) =>
  `healthcheck: { test: ["CMD-SHELL", "${test}"], interval: 700ms, timeout: 20s, retries: 1 }`;

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

/** Of each case, lives that are told apart at once: most of a life is waiting. */
const LANES = 4;

async function startLane(given: Case): Promise<Lane> {
  const lane = await makeLane(given.app);
  await lane.declare(given.compose(0));
  const first = await live(lane);
  expect(first.ready, first.log.join('\n')).toBe(true);
  return lane;
}

/** Also on a machine that has other work. */
const LONG = { timeout: 400_000 };

describe.concurrent.each(Object.entries(CASES))('%s', LONG, (_name, given) => {
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
async function checkEnd(lane: Lane, given: Case, change: number, last: Life, where = ''): Promise<void> {
  expect(last.ready, `${where}: ${last.log.join('\n')}`).toBe(given.good);
  const { id, configFile } = lane;
  const found = [...(await lane.containers())].map(([name, { Config, State }]) => [
    name,
    `${Config.Image} ${State.Status}`,
  ]);
  const wanted = Object.entries(given.wanted(change)).map(([name, of]) => [`${id}-${name}`, `${of} running`]);
  expect(Object.fromEntries(found), where).toEqual(Object.fromEntries(wanted));
  const again = await live({ configFile });
  expect(again.steps, where).toEqual([]);
}

/** Every address that the service's name leads to answers, and there is one. */
async function checkServed({ id, containers }: Lane, given: Case, where: string): Promise<void> {
  if (!given.app.includes('start-first')) return;
  const network = `${id}_default`;
  const leads = ({ NetworkSettings, State }: ContainerInspect) =>
    State.Status === 'running' && NetworkSettings.Networks?.[network]?.Aliases?.includes('web') === true;
  const served = [...(await containers()).values()].filter(leads);
  expect(served.length, `${where}: somebody serves`).toBeGreaterThan(0);
  for (const { NetworkSettings } of served) {
    const address = NetworkSettings.Networks?.[network]?.IPAddress;
    const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(5000) });
    expect(await answer.text(), where).toContain('release');
  }
}
