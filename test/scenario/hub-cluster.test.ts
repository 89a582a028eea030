// Hubs on one Mosquitto and one PostgreSQL: any of them answers anything, and one that dies takes nothing along.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startMosquitto } from '../agent/mqtt/mosquitto.ts';
import { proveScaleOut } from '../proof/scale-out.ts';
import { type HubProcess, makeHubProcess } from '../support/hub-process.ts';
import { type Program, temporaryFolder } from '../support/machine.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { createSpeakers, missing } from '../support/speakers.ts';
import { waitFor } from '../support/wait.ts';

const LINES = ['allow_anonymous true', 'max_queued_messages 0', 'max_inflight_messages 0'];

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres({ durable: false });
});
afterAll(() => postgres[Symbol.asyncDispose]());

async function startTwo() {
  const broker = await startMosquitto({ lines: LINES });
  const store = { url: await postgres.database() };
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const one = async (id: string) => {
    const config = { broker: { url: broker.url }, store, log: { level: 'info' } };
    const hub = await makeHubProcess(folder.path, id, config);
    return await startOf(hub);
  };
  return { broker, hubs: [await one('hub-1'), await one('hub-2')] as const };
}

async function startOf(hub: HubProcess): Promise<{ readonly hub: HubProcess; readonly program: Program }> {
  const program = await hub.start();
  onTestFinished(() => program[Symbol.asyncDispose]());
  return { hub, program };
}

test('three hubs know all that was acknowledged and give the same answers, whichever of them is killed', async () => {
  await using folder = await temporaryFolder();
  const size = { devices: 120, hubs: 3, seconds: 12, killEvery: 6, rate: 40 };
  const result = await proveScaleOut({ ...size, folder: folder.path, seed: 'suite', log: () => undefined });
  expect(result.failures).toEqual([]);
  expect(result.kills).toBe(2);
});

test('what a hub had not written when it died for good, another one takes over', async () => {
  const { broker, hubs } = await startTwo();
  const [dying, other] = hubs;
  const speakers = await createSpeakers(broker.url, 100);
  onTestFinished(() => speakers.end());
  await speakers.round();
  const talking = (async () => {
    for (let round = 0; round < 5; round++) await speakers.round();
  })();
  await dying.program.end('SIGKILL');
  await talking;
  await waitFor(async () => (await missing(other.hub.http, speakers)).length === 0, {
    timeoutMs: 60_000,
    what: 'the other one shows everything that was acknowledged',
  });
  await waitFor(() => /took over what a hub that is gone/.test(other.program.output()), {
    timeoutMs: 20_000,
    what: 'it has taken over the session of the dead one',
  });
});

test('a hub tells its listeners what another hub wrote', async () => {
  const { broker, hubs } = await startTwo();
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const texts = await Promise.all(
    hubs.map(async ({ hub }) => {
      const response = await fetch(`${hub.http}/api/v1/stream`, { signal: stopping.signal });
      const heard = { text: '' };
      void (async () => {
        for await (const chunk of response.body ?? []) heard.text += Buffer.from(chunk).toString();
      })().catch(() => undefined);
      return heard;
    }),
  );
  const speakers = await createSpeakers(broker.url, 20);
  onTestFinished(() => speakers.end());
  await speakers.round();
  for (const heard of texts) {
    const all = () => speakers.events.every((message) => heard.text.includes(`"message":"${message}"`));
    await waitFor(all, { timeoutMs: 10_000, what: 'each stream told every event' });
    const told = [...heard.text.matchAll(/"message":"(edge-\d+ 1)"/g)].map(([, message]) => message);
    expect(told).toHaveLength(new Set(told).size);
  }
});
