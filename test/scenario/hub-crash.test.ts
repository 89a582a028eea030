// The hub as its own process, killed without warning: whatever it acknowledged is there when it comes back.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deviceSchema, driftPageSchema, eventPageSchema } from '../../hub/api/schemas.ts';
import { connect, type Device, deviceOf } from '../hub/running.ts';
import { drift } from '../hub/sample.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'hub', 'main.ts');

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-crash-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function startProcess(): Promise<{ child: ChildProcess; http: string; mqtt: string }> {
  const flags = ['hub', '--http-port', '0', '--mqtt-port', '0', '--db', join(folder, 'hub.db')];
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let text = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    text += chunk.toString();
    const urls = /"http":"([^"]+)","mqtt":"([^"]+)"/.exec(text);
    if (urls !== null) return { child, http: urls[1] ?? '', mqtt: urls[2] ?? '' };
  }
  throw new Error(`the hub did not start: ${text}`);
}

const exited = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });

/** Publishes events until the connection breaks; gives the messages that were acknowledged. */
async function publishUntilCut(device: Device, name: string): Promise<string[]> {
  const acknowledged: string[] = [];
  const cut = new Promise<void>((resolve) => device.client.once('close', () => resolve()));
  const publishing = (async () => {
    for (let seq = 1; device.client.connected; seq++) {
      const message = `${name} ${seq}`;
      await Promise.race([device.event({ seq, message }).then(() => acknowledged.push(message)), cut]);
    }
  })();
  await Promise.race([publishing.catch(() => undefined), cut]);
  return acknowledged;
}

async function allEvents(http: string): Promise<Set<string>> {
  const messages = new Set<string>();
  let cursor = '';
  for (;;) {
    const page = eventPageSchema.parse(await (await fetch(`${http}/api/v1/events?limit=500${cursor}`)).json());
    for (const { message } of page.items) messages.add(message);
    if (page.next === null) return messages;
    cursor = `&cursor=${page.next}`;
  }
}

test('nothing that was acknowledged is lost when the hub is killed, three times over', async () => {
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    const { child, mqtt } = await startProcess();
    const names = ['edge-01', 'edge-02', 'edge-03'];
    const devices = await Promise.all(
      names.map(async (id) => deviceOf(await connect(mqtt, { clientId: `holdfast:acme:${id}` }), id)),
    );
    const [first] = devices;
    await first?.presence({ boot: round, ts: new Date().toISOString() });
    await first?.status({ boot: round, drift: [drift()] });
    const work = devices.map((device, index) => publishUntilCut(withBoot(device, round), `${names[index]} ${round}`));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const gone = exited(child);
    child.kill('SIGKILL');
    await gone;
    acknowledged.push(...(await Promise.all(work)).flat());
  }
  expect(acknowledged.length).toBeGreaterThan(30);
  const { http } = await startProcess();
  const kept = await allEvents(http);
  expect(acknowledged.filter((message) => !kept.has(message))).toEqual([]);
  const device = deviceSchema.parse(await (await fetch(`${http}/api/v1/devices/edge-01`)).json());
  expect(device).toMatchObject({ presence: 'online', drift: 1, status: { boot: 2 } });
  expect(driftPageSchema.parse(await (await fetch(`${http}/api/v1/drift`)).json()).total).toBe(1);
});

test('a hub that is asked to stop leaves with 0 while a device is connected, and calls no device offline', async () => {
  const { child, mqtt } = await startProcess();
  const will = {
    topic: 'holdfast/v1/acme/edge-01/presence',
    payload: Buffer.from('{}'),
    qos: 1,
    retain: true,
  } as const;
  const device = deviceOf(await connect(mqtt, { clientId: 'holdfast:acme:edge-01', will }), 'edge-01');
  await device.presence();
  const gone = exited(child);
  child.kill('SIGTERM');
  expect(await gone).toBe(0);
  const { http } = await startProcess();
  expect(deviceSchema.parse(await (await fetch(`${http}/api/v1/devices/edge-01`)).json()).presence).toBe('online');
});

test('a port that is taken is said with what to do, and the exit code is 2', async () => {
  const { http } = await startProcess();
  const child = spawn(process.execPath, [
    MAIN,
    'hub',
    '--http-port',
    new URL(http).port,
    '--mqtt-port',
    '0',
    '--db',
    join(folder, 'b.db'),
  ]);
  children.push(child);
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  expect(await exited(child)).toBe(2);
  expect(err).toMatch(/^holdfast: HTTP cannot listen on 127\.0\.0\.1:\d+: the port is already in use; .*--http-port/);
});

function withBoot(device: Device, boot: number): Device {
  return { ...device, event: (changes) => device.event({ boot, ...changes }) };
}
