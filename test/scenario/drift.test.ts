// What people do to a host behind Git's back, on the real Engine: seen as drift with field, declared and live value,
// corrected in the smallest way, and only reported where the device says so.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftEntry, Status } from '../../fleet/wire/messages.ts';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, docker } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type Program, type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

const COMPOSE = `
services:
  web:
    image: holdfast/busybox:1
    command: ["sh", "-c", "exec sleep 100000"]
    stop_signal: SIGKILL
    mem_limit: 64m
    networks: [front, back]
    volumes: [ "./page.html:/www/page.html:ro" ]
networks: { front: {}, back: {} }
`;

let folder: TemporaryFolder;
let fleet: Fleet;

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
});

afterAll(async () => {
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

async function declare(id: string, deviceYaml: string): Promise<Device> {
  const base = `devices/${id}`;
  await fleet.commit({
    [`${base}/compose.yaml`]: COMPOSE,
    [`${base}/device.yaml`]: deviceYaml,
    [`${base}/page.html`]: 'declared\n',
  });
  const device = await makeDevice({ id, url: fleet.url, folder: join(folder.path, id), interval: '1h' });
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
  return device;
}

/** One deviation: what a person does, what is reported, and how to see that it is mended. */
interface Deviation {
  readonly name: string;
  readonly act: (id: string, device: Device) => Promise<unknown>;
  readonly reported: Omit<DriftEntry, 'since' | 'resource'>;
  readonly mended: (id: string, device: Device) => Promise<boolean>;
}

const web = async (id: string) => (await containersOf(id)).get('till-web-1');
const runs = async (id: string) => (await web(id))?.State.Status === 'running';

const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'docker rm -f',
    act: () => docker('DELETE', '/containers/till-web-1?force=true'),
    reported: { kind: 'missing', field: null, desired: 'running', observed: null },
    mended: runs,
  },
  {
    name: 'docker stop',
    act: () => docker('POST', '/containers/till-web-1/stop'),
    reported: { kind: 'field', field: 'state', desired: 'running', observed: 'exited (137)' },
    mended: runs,
  },
  {
    name: 'docker pause',
    act: () => docker('POST', '/containers/till-web-1/pause'),
    reported: { kind: 'field', field: 'state', desired: 'running', observed: 'paused' },
    mended: runs,
  },
  {
    name: 'docker update --memory',
    act: () => docker('POST', '/containers/till-web-1/update', { Memory: 32 << 20, MemorySwap: 64 << 20 }),
    reported: { kind: 'field', field: 'mem_limit', desired: 64 << 20, observed: 32 << 20 },
    mended: async (id) => (await web(id))?.HostConfig.Memory === 64 << 20,
  },
  {
    name: 'docker rename',
    act: () => docker('POST', '/containers/till-web-1/rename?name=mine'),
    reported: { kind: 'field', field: 'container_name', desired: 'till-web-1', observed: 'mine' },
    mended: runs,
  },
  {
    name: 'docker network disconnect',
    act: () => docker('POST', '/networks/till_back/disconnect', { Container: 'till-web-1' }),
    reported: { kind: 'field', field: 'networks.back', desired: ['web'], observed: null },
    mended: async (id) => Object.keys((await web(id))?.NetworkSettings.Networks ?? {}).includes('till_back'),
  },
  {
    name: 'an edited content file',
    act: async (_id, device) => {
      const content = join(device.stateDir, 'content');
      const [first] = await readdir(content);
      await writeFile(join(content, first ?? ''), 'edited by hand\n');
      // Nothing tells the agent: it sees it at the next look, which an unrelated event brings about.
      await docker('POST', '/containers/till-web-1/pause');
      await docker('POST', '/containers/till-web-1/unpause');
    },
    reported: {
      kind: 'field',
      field: 'volumes./www/page.html',
      desired: expect.stringMatching(/^content [0-9a-f]{40}$/),
      observed: expect.stringMatching(/ edited$/),
    },
    mended: async (id, device) => {
      const content = join(device.stateDir, 'content');
      const [first] = await readdir(content);
      return (await readFile(join(content, first ?? ''), 'utf8')) === 'declared\n' && (await runs(id));
    },
  },
];

/** Every status the daemon stored is overwritten by the next: events in the log keep what was seen. */
function driftEvents(program: Program): string[] {
  return program
    .output()
    .split('\n')
    .filter((line) => line.includes('"reason":"DriftDetected"'));
}

async function storedStatus(device: Device): Promise<Status> {
  return JSON.parse((await device.agent('status', '-o', 'json')).output) as Status;
}

describe('drift: correct', () => {
  const id = uniqueId();
  let device: Device;

  beforeAll(async () => {
    device = await declare(id, 'apps: [ { name: till, compose: compose.yaml } ]\n');
  });
  afterAll(() => cleanup(id));

  it.each(DEVIATIONS)('$name is reported and corrected', async ({ act, reported, mended }) => {
    await using program = await device.start();
    await waitFor(() => program.output().includes('starting from'), {
      timeoutMs: 20_000,
      what: 'the agent has started',
    });
    await waitFor(async () => (await storedStatus(device)).sync === 'Synced', {
      timeoutMs: 20_000,
      what: 'the device is in sync',
    });
    await act(id, device);
    const field = reported.field === null ? 'not there' : `drift: ${reported.field} is `;
    await waitFor(() => driftEvents(program).some((line) => line.includes(field)), {
      timeoutMs: 20_000,
      what: `drift of ${field} is reported`,
    });
    await waitFor(() => mended(id, device), { timeoutMs: 20_000, what: 'it is mended' });
    await waitFor(async () => (await storedStatus(device)).drift.length === 0, {
      timeoutMs: 20_000,
      what: 'no drift is left',
    });
  });

  it('a container of somebody else is never touched', async () => {
    const name = `stranger-${id}`;
    await docker('POST', `/containers/create?name=${name}`, {
      Image: 'holdfast/busybox:1',
      Cmd: ['sleep', '1000'],
      Labels: { 'com.docker.compose.project': 'till' },
    });
    await docker('POST', `/containers/${name}/start`);
    const before = (await docker('GET', `/containers/${name}/json`)).body;
    await docker('DELETE', '/containers/till-web-1?force=true');
    expect((await device.agent('once')).code).toBe(0);
    expect((await docker('GET', `/containers/${name}/json`)).body).toEqual(before);
    await docker('DELETE', `/containers/${name}?force=true`);
  });
});

describe('drift: warn', () => {
  const id = uniqueId();

  afterAll(() => cleanup(id));

  it.each(DEVIATIONS)('$name is reported and left alone', async ({ act, reported }) => {
    const device = await declare(id, 'drift: warn\napps: [ { name: till, compose: compose.yaml } ]\n');
    await act(id, device);
    const before = await containersOf(id);
    const ran = await device.agent('once');
    expect(ran.code, ran.output).toBe(1);
    const status = await storedStatus(device);
    expect(status.drift).toContainEqual(expect.objectContaining({ ...reported, resource: 'service:till/web' }));
    expect(status.sync).toBe('OutOfSync');
    expect([...(await containersOf(id))].map(([name, inspect]) => [name, inspect.Id])).toEqual(
      [...before].map(([name, inspect]) => [name, inspect.Id]),
    );
    await cleanup(id);
    await rm(device.stateDir, { recursive: true });
  });
});
