// Git, the broker and the hub go away, at the start and midway: containers stay, the agent stays, everything catches up.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, docker } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type HubProcess, makeHubProcess } from '../support/hub-process.ts';
import { type Program, type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

let folder: TemporaryFolder;
let fleet: Fleet;
let hub: HubProcess;
let device: Device;
const id = uniqueId();
const within = (what: string) => ({ timeoutMs: 30_000, what });

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
  hub = await makeHubProcess(folder.path, 'hub', {});
  device = await makeDevice({
    id,
    url: fleet.url,
    folder: join(folder.path, id),
    more: `mqtt: { url: "${hub.mqtt}" }\n`,
  });
  await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('1') });
});

afterAll(async () => {
  await cleanup(id);
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

function compose(release: string): string {
  return `services:
  web: { image: holdfast/busybox:1, command: [sleep, "100000"], stop_signal: SIGKILL, environment: { RELEASE: "${release}" } }
  cache: { image: holdfast/busybox:1, command: [sleep, "100000"], stop_signal: SIGKILL }
`;
}

const name = (service: string) => `${id}-${service}-1`;
const web = async () => (await containersOf(id)).get(name('web'));
const runs = async (release: string) => {
  const container = await web();
  return container?.State.Status === 'running' && container.Config.Env?.includes(`RELEASE=${release}`);
};

async function ids(): Promise<string[]> {
  return [...(await containersOf(id)).values()].map(({ Id, State }) => `${Id} ${State.StartedAt}`).sort();
}

async function stays(program: Program, before: readonly string[]): Promise<void> {
  expect(program.child.exitCode).toBeNull();
  expect(await ids()).toEqual(before);
}

/** The hub remembers presence over its own restarts: only the agent knows when it is connected this time. */
async function connected(program: Program): Promise<void> {
  await waitFor(() => program.output().includes('connected to the broker'), within('the agent is connected'));
  await waitFor(async () => (await hub.device(id))?.presence === 'online', within('the device is online'));
  await waitFor(async () => (await hub.device(id))?.sync === 'Synced', within('the device is in sync'));
}

async function saysGitIsAway(): Promise<void> {
  await waitFor(
    () => device.status().conditions.some(({ reason }) => reason === 'GitOperationFailed'),
    within('the agent says that Git is away'),
  );
  expect((await device.agent('status')).output).toContain('GitOperationFailed');
}

describe('the agent', () => {
  it('starts without Git, broker and hub, and catches up with each as it comes', async () => {
    await fleet.away();
    await using program = await device.start();
    await saysGitIsAway();
    expect((await containersOf(id)).size).toBe(0);
    await fleet.back();
    await waitFor(() => runs('1'), within('the containers run'));
    await using _hub = await hub.start();
    await waitFor(async () => (await hub.device(id))?.sync === 'Synced', within('the hub has heard'));
    const seen = await hub.device(id);
    expect(seen).toMatchObject({ presence: 'online', sync: 'Synced' });
    expect(program.child.exitCode).toBeNull();
  });

  it('outlives Git, broker and hub going away midway, and catches up', async () => {
    await using program = await device.start();
    {
      await using _hub = await hub.start();
      await waitFor(
        async () => (await hub.device(id))?.health === 'Healthy',
        within('the device is healthy at the hub'),
      );
    }
    const before = await ids();
    await fleet.away();
    await saysGitIsAway();
    await stays(program, before);
    await docker('DELETE', `/containers/${name('cache')}?force=true`);
    await waitFor(
      async () => (await containersOf(id)).get(name('cache'))?.State.Status === 'running',
      within('drift is corrected without Git'),
    );
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('2') });
    await fleet.back();
    await waitFor(() => runs('2'), within('the new revision runs'));
    await using _hub = await hub.start();
    await waitFor(
      async () =>
        (await hub.device(id))?.status?.revision.applied === (await hub.device(id))?.revision.desired &&
        (await hub.device(id))?.sync === 'Synced',
      within('the hub has caught up'),
    );
    await waitFor(
      async () => (await hub.device(id))?.events.some(({ reason }) => reason === 'DriftDetected'),
      within('what happened meanwhile is told'),
    );
  });

  it('restarts without Git and defends the last known good', async () => {
    await fleet.away();
    await docker('DELETE', `/containers/${name('web')}?force=true`);
    await using program = await device.start();
    await waitFor(() => runs('2'), within('the container is back, without Git'));
    expect(program.child.exitCode).toBeNull();
    await fleet.back();
  });
});

describe('a broken compose.yaml', () => {
  it('leaves the last known good running, and the hub shows place and caret', async () => {
    await using _hub = await hub.start();
    await using program = await device.start();
    await waitFor(async () => (await hub.device(id))?.sync === 'Synced', within('the device is in sync'));
    const before = await ids();
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('3').replace('environment', 'enviroment') });
    const seen = await waitFor(async () => {
      const found = await hub.device(id);
      return found?.reason === 'BuildFailed' ? found : null;
    }, within('the hub shows BuildFailed'));
    expect(seen.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Stalled', status: 'True', reason: 'BuildFailed' }),
    );
    expect(seen.message).toMatch(/compose\.yaml:2:\d+: .*enviroment/);
    expect(seen.message).toContain('^^^^^^^^^^');
    expect(seen.message).toContain('environment');
    expect(seen.sync).toBe('OutOfSync');
    await stays(program, before);
    await docker('DELETE', `/containers/${name('web')}?force=true`);
    await waitFor(() => runs('2'), within('the last known good is defended'));
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('4') });
    await waitFor(() => runs('4'), within('a good commit ends it'));
    await waitFor(async () => (await hub.device(id))?.sync === 'Synced', within('the hub shows it in sync'));
  });
});

describe('kill -9', () => {
  it('of the agent: the last will says offline; it comes back and plans nothing', async () => {
    await using _hub = await hub.start();
    {
      await using program = await device.start();
      await connected(program);
    }
    await waitFor(async () => (await hub.device(id))?.presence === 'offline', within('the device is offline'));
    const before = await ids();
    const plan = await device.agent('plan');
    expect(plan).toMatchObject({ code: 0, output: expect.stringContaining('Nothing to do.') });
    await using program = await device.start();
    await waitFor(async () => (await hub.device(id))?.presence === 'online', within('the device is online again'));
    await waitFor(async () => (await hub.device(id))?.sync === 'Synced', within('the device is in sync'));
    await stays(program, before);
  });

  it('of nobody: SIGTERM ends it within 5 s, with 0, and says offline', async () => {
    await using _hub = await hub.start();
    await using program = await device.start();
    await connected(program);
    program.child.kill('SIGTERM');
    await waitFor(() => program.child.exitCode !== null, { timeoutMs: 5000, what: 'the agent has ended' });
    expect(program.child.exitCode).toBe(0);
    await waitFor(async () => (await hub.device(id))?.presence === 'offline', within('the device is offline'));
  });
});

describe('the hint', () => {
  it('makes the agent look at Git at once', async () => {
    const slow = await makeDevice({
      id,
      url: fleet.url,
      folder: join(folder.path, id),
      interval: '1h',
      more: `mqtt: { url: "${hub.mqtt}" }\n`,
    });
    await using _hub = await hub.start();
    await using _program = await slow.start();
    await waitFor(
      async () => (await hub.device(id))?.sync === 'Synced' && (await hub.device(id))?.presence === 'online',
      within('the device is in sync'),
    );
    await fleet.commit({ [`devices/${id}/compose.yaml`]: compose('5') });
    const answer = await fetch(`${hub.http}/api/v1/devices/${id}/reconcile`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBeLessThan(300);
    await waitFor(() => runs('5'), within('the new revision runs'));
  });
});
