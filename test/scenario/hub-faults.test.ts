// What goes wrong around a hub, each on the real thing: its broker, its store, and what devices send.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { deviceTopic } from '../../fleet/wire/topics.ts';
import { deviceSchema, rejectPageSchema, summarySchema } from '../../hub/api/schemas.ts';
import { startMosquitto } from '../agent/mqtt/mosquitto.ts';
import { event, presence, status } from '../hub/sample.ts';
import { type HubProcess, makeHubProcess } from '../support/hub-process.ts';
import { type Program, temporaryFolder } from '../support/machine.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { behind, createSpeakers, eventsOf, missing, type Speakers } from '../support/speakers.ts';
import { waitFor } from '../support/wait.ts';

const OPEN = ['allow_anonymous true', 'max_queued_messages 0'];

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres({ durable: false });
});
afterAll(() => postgres[Symbol.asyncDispose]());

async function folder(): Promise<string> {
  const made = await temporaryFolder();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made.path;
}

interface Hub extends HubProcess {
  restart(): Promise<void>;
  kill(): Promise<void>;
  output(): string;
}

async function hubOn(broker: string, url: string, more: object = {}): Promise<Hub> {
  const config = { broker: { url: broker }, store: { url }, log: { level: 'info' }, ...more };
  const hub = await makeHubProcess(await folder(), 'hub', config);
  const programs: Program[] = [];
  const kill = async () => void (await programs.at(-1)?.end('SIGKILL'));
  const restart = async () => void programs.push(await hub.start());
  onTestFinished(kill);
  await restart();
  return { ...hub, restart, kill, output: () => programs.map((program) => program.output()).join('\n') };
}

async function speakersOn(broker: string, count: number): Promise<Speakers> {
  const speakers = await createSpeakers(broker, count);
  onTestFinished(() => speakers.end());
  return speakers;
}

const sqliteFile = async () => `sqlite:${join(await folder(), 'hub.db')}`;

const showsAll = (hub: Hub, speakers: Speakers) =>
  waitFor(
    async () => {
      const [first] = await missing(hub.http, speakers);
      if (first !== undefined) throw new Error(first);
      return true;
    },
    { timeoutMs: 60_000, what: 'the hub shows everything that was acknowledged' },
  );

async function client(url: string) {
  const connected = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  onTestFinished(() => connected.endAsync(true));
  return connected;
}

const summaryOf = async (hub: Hub) => summarySchema.parse(await (await fetch(`${hub.http}/api/v1/summary`)).json());

test.each(['sqlite', 'postgres'] as const)(
  'what waits for its commit (%s) is not acknowledged: a hub that dies then loses nothing',
  async (engine) => {
    const broker = await startMosquitto({ lines: OPEN });
    const store = engine === 'sqlite' ? await sqliteFile() : await postgres.database();
    const hub = await hubOn(broker.url, store);
    const speakers = await speakersOn(broker.url, 20);
    await speakers.round();
    await showsAll(hub, speakers);
    const release = await (engine === 'sqlite' ? lockFile : lockTable)(store);
    await speakers.tell();
    // Far longer than a message needs from the broker to the hub and its acknowledgement back.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await hub.kill();
    await release();
    await hub.restart();
    await showsAll(hub, speakers);
  },
);

/** Nobody writes until it is released. */
async function lockFile(store: string): Promise<() => Promise<void>> {
  const database = new DatabaseSync(store.replace('sqlite:', ''));
  database.exec('pragma busy_timeout = 5000; begin immediate');
  return async () => database.close();
}

async function lockTable(store: string): Promise<() => Promise<void>> {
  const blocking = postgres
    .sql(store, 'begin; lock table events in exclusive mode; select pg_sleep(60)')
    .catch(() => '');
  const held = "select 1 from pg_locks where mode = 'ExclusiveLock' and relation = 'events'::regclass and granted";
  await waitFor(async () => (await postgres.sql(store, held)) !== '', {
    timeoutMs: 10_000,
    what: 'the table is locked',
  });
  return async () => {
    await postgres.sql(store, "select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin; lock%'");
    await blocking;
  };
}

test('a hub that starts into a large retained fleet shows all of it, on a broker with its own limits, and tells of none', async () => {
  const broker = await startMosquitto();
  const speakers = await speakersOn(broker.url, 3_000);
  await speakers.round();
  const hub = await hubOn(broker.url, await sqliteFile());
  await waitFor(async () => (await behind(hub.http, speakers)).length === 0, {
    timeoutMs: 60_000,
    what: 'the roster is complete',
  });
  expect(await summaryOf(hub)).toMatchObject({ devices: 3_000, presence: { online: 3_000 }, sync: { Synced: 3_000 } });
  expect(await eventsOf(hub.http)).toEqual([]);
  const caughtUp = () => [...hub.output().matchAll(/caught up with/g)].length;
  await waitFor(() => caughtUp() === 1, { timeoutMs: 60_000, what: 'it has caught up' });
  // And again, into what it knows already.
  await hub.kill();
  await hub.restart();
  await waitFor(() => caughtUp() === 2, {
    timeoutMs: 60_000,
    what: 'it caught up again',
  });
  expect(await eventsOf(hub.http)).toEqual([]);
  expect(await summaryOf(hub)).toMatchObject({ devices: 3_000 });
});

test('while PostgreSQL is down nothing is acknowledged and the hub goes on; afterwards everything is there', async () => {
  const broker = await startMosquitto({ lines: OPEN });
  const hub = await hubOn(broker.url, await postgres.database());
  const speakers = await speakersOn(broker.url, 50);
  await speakers.round();
  await postgres.kill();
  for (let round = 0; round < 3; round++) await speakers.round();
  await waitFor(() => /cannot write to the store/.test(hub.output()), { timeoutMs: 30_000, what: 'the hub says so' });
  expect((await fetch(`${hub.http}/healthz`)).status).toBe(200);
  await postgres.start();
  await showsAll(hub, speakers);
});

test('while the disk is full nothing is acknowledged; with room again the same message is taken', async () => {
  const place = join(await folder(), 'small');
  mkdirSync(place);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', place]);
  onTestFinished(() => void execFileSync('umount', ['-l', place]));
  const broker = await startMosquitto({ lines: OPEN });
  const ballast = join(place, 'ballast');
  const hub = await hubOn(broker.url, `sqlite:${join(place, 'hub.db')}`);
  execFileSync('sh', ['-c', `dd if=/dev/zero of=${ballast} bs=64k 2>/dev/null || true`]);
  const speakers = await speakersOn(broker.url, 50);
  for (let round = 0; round < 5; round++) await speakers.round();
  await waitFor(() => /cannot write to the store/.test(hub.output()), { timeoutMs: 30_000, what: 'the hub says so' });
  rmSync(ballast);
  await showsAll(hub, speakers);
});

test('what is malformed, oversized, deep, of another schema or of a strange name is counted by sender, shown, and harms nobody', async () => {
  const broker = await startMosquitto({ lines: OPEN });
  const hub = await hubOn(broker.url, await postgres.database(), { stale_after: '2s' });
  const bad = await client(broker.url);
  const topic = (leaf: 'status' | 'presence' | 'event') => deviceTopic('acme', 'bad-01', leaf);
  const payloads: [string, string | Buffer][] = [
    [topic('status'), 'not json'],
    [topic('status'), Buffer.from([0xff, 0xfe, 0x00])],
    [topic('status'), JSON.stringify({ ...status({ device: 'bad-01' }), schema: 9 })],
    [topic('event'), `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    [topic('status'), JSON.stringify(status({ device: 'edge-02' }))],
    [topic('presence'), Buffer.alloc(70_000, 0x20)],
    ['holdfast/v1/acme/UPPER/status', JSON.stringify(status({ device: 'UPPER' }))],
    ['holdfast/v1/acme/-x/status', '{}'],
    [topic('status'), JSON.stringify(status({ device: 'bad-01', labels: { text: 'a\u0000b\ud800' } }))],
  ];
  for (const [where, payload] of payloads) await bad.publishAsync(where, payload, { qos: 1 });
  await bad.publishAsync(topic('event'), JSON.stringify(event({ device: 'bad-01', message: 'still here' })), {
    qos: 1,
  });
  await waitFor(async () => (await eventsOf(hub.http)).includes('still here'), {
    timeoutMs: 20_000,
    what: 'the next one is taken',
  });
  const device = deviceSchema.parse(await (await fetch(`${hub.http}/api/v1/devices/bad-01`)).json());
  expect(device.labels).toEqual({ text: 'a\ufffdb\ufffd' });
  const shown = await waitFor(
    async () => {
      const page = rejectPageSchema.parse(await (await fetch(`${hub.http}/api/v1/rejects`)).json());
      return page.items.length >= 5 && page.items;
    },
    { timeoutMs: 20_000, what: 'the rejects are shown' },
  );
  const lines = shown.map(({ device: id, cause, count }) => `${id} ${cause} ${count}`).sort();
  expect(lines).toEqual(
    [' topic 2', 'bad-01 device 1', 'bad-01 malformed 2', 'bad-01 oversized 1', 'bad-01 schema 2'].sort(),
  );
});

test('two devices with one id are a clash that is shown, and strings of devices stay strings', async () => {
  const broker = await startMosquitto({ lines: OPEN });
  const hub = await hubOn(broker.url, await postgres.database());
  const wire = await client(broker.url);
  const send = (leaf: 'presence' | 'status', body: object) =>
    wire.publishAsync(deviceTopic('acme', 'twin', leaf), JSON.stringify({ ...body, device: 'twin' }), { qos: 1 });
  for (let turn = 0; turn < 4; turn++) {
    const ts = new Date(Date.now() + turn).toISOString();
    await send('presence', presence({ instance: turn % 2 === 0 ? 'one' : 'two', ts }));
  }
  const evil = `'; drop table devices; --<script>alert(1)</script>\r\n=1+1\u001b[31m`;
  const labels = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`label-${index}`, evil]));
  const text = JSON.stringify(
    status({ device: 'twin', instance: 'two', seq: 5, labels, ts: new Date(Date.now() + 9).toISOString() }),
  );
  await wire.publishAsync(deviceTopic('acme', 'twin', 'status'), text.replace('"label-0"', '"__proto__"'), { qos: 1 });
  const device = await waitFor(
    async () => {
      const one = deviceSchema.safeParse(await (await fetch(`${hub.http}/api/v1/devices/twin`)).json()).data;
      return one?.labels['label-7'] === evil && one;
    },
    { timeoutMs: 20_000, what: 'the device shows its labels as they are' },
  );
  expect(device.clash).toBe(true);
  expect(device.events.map(({ reason }) => reason)).toContain('Clash');
  expect((await summaryOf(hub)).devices).toBe(1);
  const metrics = await (await fetch(`${hub.http}/metrics`)).text();
  expect(metrics).not.toMatch(/label-7|twin|<script/);
});
