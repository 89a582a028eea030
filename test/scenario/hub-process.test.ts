// The hub as its own process: how it leaves, and what it says when it cannot begin.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deviceSchema } from '../../hub/api/schemas.ts';
import { connect, deviceOf } from '../hub/running.ts';

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
