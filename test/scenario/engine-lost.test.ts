// An Engine that hangs, dies and comes back, on a private Engine of its own.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEngine } from '../../agent/docker/create-engine.ts';
import type { Engine } from '../../agent/docker/engine.ts';
import type { EngineEvent } from '../../fleet/engine/event.ts';
import { type PrivateEngine, startEngine } from '../../scripts/engine.ts';
import { ensureImages } from '../../scripts/images.ts';
import { docker, dockerOk } from '../support/engine.ts';
import { asStep } from '../support/steps.ts';
import { waitFor } from '../support/wait.ts';

const device = 'edge';
const look = { device, containerNames: [], networkNames: [], volumeNames: [], images: [] };
const signal = new AbortController().signal;
const labels = { 'io.holdfast.device': device };

let daemon: PrivateEngine;
let engine: Engine;

beforeAll(async () => {
  daemon = await startEngine({ dir: await mkdtemp(join(tmpdir(), 'hf-lost-')), firewall: false });
  await ensureImages(daemon.socket, ['holdfast/busybox:1']);
  engine = createEngine({ socket: daemon.socket });
});
afterAll(() => daemon.stop());

test('an Engine that stands still fails the look within its deadline, and serves the next one when it moves again', async () => {
  process.kill(daemon.pid, 'SIGSTOP');
  try {
    await expect(engine.observe(look, signal)).rejects.toMatchObject({ code: 'DockerUnavailable' });
  } finally {
    process.kill(daemon.pid, 'SIGCONT');
  }
  expect((await engine.observe(look, signal)).containers).toEqual([]);
});

test('an Engine that is killed under a call fails it, and is found again after its restart with what it had', async () => {
  const body = { Image: 'holdfast/busybox:1', Cmd: ['sleep', '1000'], Labels: labels, StopTimeout: 60, HostConfig: {} };
  await engine.steps['create-container'](asStep({ kind: 'create-container', name: 'web', body }), signal);
  await engine.steps['start-container'](asStep({ kind: 'start-container', container: 'web' }), signal);
  const stopping = engine.steps['stop-container'](
    asStep({ kind: 'stop-container', container: 'web', timeoutS: 60 }),
    signal,
  );
  const outcome = expect(stopping).rejects.toMatchObject({ code: 'DockerUnavailable' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.kill(daemon.pid, 'SIGKILL');
  await outcome;
  await expect(engine.observe(look, signal)).rejects.toMatchObject({ code: 'DockerUnavailable' });
  await daemon.restart();
  const seen = await engine.observe(look, signal);
  expect(seen.containers.map(({ inspect }) => inspect.Name)).toEqual(['/web']);
  await dockerOk('DELETE', '/containers/web?force=1', undefined, { socket: daemon.socket });
});

test('watching rings for what happens, says that events may be missing after a restart, and goes on', async () => {
  const watching = new AbortController();
  const events: EngineEvent[] = [];
  let gaps = 0;
  const watch = { execs: false, onEvent: (event: EngineEvent) => events.push(event), onGap: () => gaps++ };
  const over = engine.watch(watch, watching.signal);
  const heard = (type: string, action: string, name: string): Promise<EngineEvent> =>
    waitFor(() => events.find((event) => event.type === type && event.action === action && event.name === name), {
      timeoutMs: 10_000,
      what: `${type} ${action} ${name} is heard`,
    });
  await waitFor(() => gaps === 1, { timeoutMs: 10_000, what: 'the stream is open' });
  await dockerOk('POST', '/volumes/create', { Name: 'data' }, { socket: daemon.socket });
  await heard('volume', 'create', 'data');
  await dockerOk('POST', '/networks/create', { Name: 'front' }, { socket: daemon.socket });
  await heard('network', 'create', 'front');

  await daemon.restart();
  await waitFor(() => gaps === 2, { timeoutMs: 30_000, what: 'the stream is open again' });
  const body = { Image: 'holdfast/busybox:1', Cmd: ['true'], Labels: labels };
  await dockerOk('POST', '/containers/create?name=late', body, { socket: daemon.socket });
  expect((await heard('container', 'create', 'late')).attributes['io.holdfast.device']).toBe(device);

  watching.abort();
  await over;
  await docker('DELETE', '/containers/late', undefined, { socket: daemon.socket });
});
