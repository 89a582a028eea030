// What a look costs: each question once, and none about what cannot have changed.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEngine } from '../../../agent/docker/create-engine.ts';
import type { Engine } from '../../../agent/docker/engine.ts';
import { LABEL } from '../../../fleet/names.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';

const signal = new AbortController().signal;
const VERSION = { Version: '29.0.0', ApiVersion: '1.52', MinAPIVersion: '1.44', Os: 'linux', Arch: 'amd64' };
const Labels = { [LABEL.device]: 'edge' };
const names = Array.from({ length: 10 }, (_, index) => `web-${index}`);
const imageOf = (name: string): string => `image:${Number(name.slice(4)) % 3}`;
const STATES = {
  running: { Status: 'running', StartedAt: '2026-01-01T00:00:00Z' },
  ended: {
    ...{ Status: 'exited', ExitCode: 0 },
    ...{ StartedAt: '2026-01-01T00:00:00Z', FinishedAt: '2026-01-01T00:00:09Z' },
  },
};

let folder: TemporaryFolder;
let server: Server;
let engine: Engine;
let asked: string[];
let state: (typeof STATES)[keyof typeof STATES];
/** Lines of the Engine's memory of events; null: it cannot tell. */
let events: readonly object[] | null;

beforeEach(async () => {
  folder = await temporaryFolder();
  asked = [];
  state = STATES.running;
  events = [];
  server = createServer((request, response) => {
    const path = new URL(request.url?.replace(/^\/v[\d.]+/, '') ?? '', 'http://engine').pathname;
    asked.push(path);
    const body = answerTo(path);
    response.writeHead(body === null ? 500 : 200).end(body);
  });
  const socket = join(folder.path, 'docker.sock');
  server.listen(socket);
  await once(server, 'listening');
  engine = createEngine({ socket });
});

afterEach(async () => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
  await folder[Symbol.asyncDispose]();
});

function answerTo(path: string): string | null {
  const [, kind, name = ''] = path.split('/').map(decodeURIComponent);
  if (kind === 'events') return events?.map((event) => `${JSON.stringify(event)}\n`).join('') ?? null;
  if (path === '/containers/json')
    return JSON.stringify(
      [...names, 'other'].map((Id) => ({ Id, Names: [`/${Id}`], Labels: Id === 'other' ? {} : Labels })),
    );
  if (path === '/networks') return JSON.stringify([{ Id: 'front', Name: 'front', Labels }]);
  if (path === '/volumes') return JSON.stringify({ Volumes: [{ Name: 'data', Labels }] });
  if (kind === 'networks') return JSON.stringify({ Id: 'front', Name: 'front', Labels, Containers: {} });
  if (kind === 'images') return JSON.stringify({ Id: `sha256:${name}`, Config: {} });
  if (kind !== 'containers') return JSON.stringify(VERSION);
  const rest = { Config: { Labels }, HostConfig: {}, NetworkSettings: {}, State: state };
  return JSON.stringify({ Id: name, Name: `/${name}`, Image: `sha256:${imageOf(name)}`, ...rest });
}

async function callsOfLook(): Promise<string[]> {
  asked = [];
  await look();
  return asked.sort();
}

function look() {
  const look = { device: 'edge', containerNames: names, networkNames: ['front'], volumeNames: ['data'] };
  return engine.observe({ ...look, images: names.map(imageOf) }, signal);
}

test('ten services on three images and one network cost 17 calls, each of them once', async () => {
  await look();
  expect(await callsOfLook()).toEqual(
    [
      ...['/containers/json', '/networks', '/volumes', '/networks/front'],
      ...names.map((name) => `/containers/${name}/json`),
      ...[0, 1, 2].map((image) => `/images/image%3A${image}/json`),
    ].sort(),
  );
});

test('who stopped a container is asked until the answer is sure, and not again', async () => {
  const clock = vi.spyOn(performance, 'now');
  state = STATES.ended;
  const asksAfter = async (ms: number): Promise<number> => {
    clock.mockReturnValue(ms);
    return (await callsOfLook()).filter((path) => path === '/events').length;
  };
  expect([await asksAfter(0), await asksAfter(4_000), await asksAfter(5_000), await asksAfter(6_000)]).toEqual([
    10, 10, 10, 0,
  ]);
});

test('that somebody stopped it is known for longer than the Engine remembers', async () => {
  state = STATES.ended;
  const stopped = async () => new Set((await look()).containers.map(({ stoppedByRequest }) => stoppedByRequest));
  events = null;
  expect(await stopped()).toEqual(new Set([false]));
  events = [{ Action: 'stop' }];
  expect(await stopped()).toEqual(new Set([true]));
  events = [];
  expect(await stopped()).toEqual(new Set([true]));
});
