// Compose files as people write them, with images whose configuration is as that of the real ones, on a private Engine: what
// was applied once is never reported nor touched again, whatever restarts in between, and even when nothing is remembered.
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planNow } from '../../agent/cli/plan.ts';
import { loadConfig } from '../../agent/config/load.ts';
import { STATE_FILE } from '../../agent/store/database.ts';
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { type PrivateEngine, startEngine } from '../../scripts/engine.ts';
import { commitAll, makeRepository } from '../../scripts/git-repository.ts';
import { loadImages } from '../../scripts/images.ts';
import { containersOf } from '../support/containers.ts';
import { converge } from '../support/converge.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { docker, dockerOk } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';
import { realImages } from './support/real-world/images.ts';

const FILES = join(import.meta.dirname, 'support/real-world/fleet');
const ID = 'home-server';

/** Whoever runs these files on a server of their own. */
const POLICY = `
limits: { steps: 3000, deletes: 300 }
policy:
  host_network: true
  host_pid: true
  host_uts: true
  host_userns: true
  docker_socket: true
  device_rules: ["c *:* rwm"]
  capabilities: [ALL]
  devices: [/dev/null, /dev/net/tun]
  binds: [/]
  nested_mounts: true
  security_opts: ["*"]
  sysctls: ["*"]
`;

let folder: TemporaryFolder;
let engine: PrivateEngine;
let device: Device;
let applied: ReadonlyMap<string, ContainerInspect>;

beforeAll(async () => {
  folder = await temporaryFolder();
  engine = await startEngine({ dir: join(folder.path, 'engine'), firewall: false });
  await loadImages(engine.socket, realImages());
  const repository = join(folder.path, 'fleet');
  await makeRepository(repository);
  await cp(FILES, join(repository, 'devices', ID), { recursive: true });
  await writeFile(join(repository, 'devices', ID, 'device.yaml'), await deviceFile());
  await commitAll(repository, 'everything');
  device = await makeDevice({
    id: ID,
    url: `file://${repository}`,
    folder: folder.path,
    socket: engine.socket,
    more: POLICY,
  });
  await converge(device);
  applied = await containers();
}, 600_000);

afterAll(async () => {
  await engine.stop();
  await folder[Symbol.asyncDispose]();
});

it('there are sixty services and more', () => {
  expect(applied.size).toBeGreaterThanOrEqual(60);
});

it('nothing differs from what was applied', nothingDiffers);

it('nothing differs after every container was restarted', async () => {
  const running = [...applied.values()].filter(({ State }) => State.Status === 'running');
  const restart = ({ Id }: ContainerInspect) => dockerOk('POST', `/containers/${Id}/restart?t=0`, undefined, engine);
  // One that lives in the namespaces of another can only start while that runs.
  const isGuest = ({ HostConfig: { NetworkMode, IpcMode, PidMode } }: ContainerInspect) =>
    [NetworkMode, IpcMode, PidMode].some((mode) => mode?.startsWith('container:'));
  await Promise.all(running.filter((one) => !isGuest(one)).map(restart));
  await Promise.all(running.filter(isGuest).map(restart));
  await everythingRuns();
  await nothingDiffers();
  await nothingWasReplaced();
});

it('nothing differs after the Engine was restarted', async () => {
  await engine.restart();
  await everythingRuns();
  await nothingDiffers();
  await nothingWasReplaced();
}, 300_000);

it('an agent that was restarted leaves everything as it is', async () => {
  const before = await containers();
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
  expect(startsOf(await containers())).toEqual(startsOf(before));
  await nothingDiffers();
});

it('an agent that has lost its inventory takes everything for its own and leaves it as it is', async () => {
  const before = await containers();
  const db = new DatabaseSync(join(device.stateDir, STATE_FILE));
  db.exec('DELETE FROM inventory');
  db.close();
  await nothingDiffers();
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
  expect(startsOf(await containers())).toEqual(startsOf(before));
  await nothingDiffers();
});

function containers(): Promise<ReadonlyMap<string, ContainerInspect>> {
  return containersOf(ID, engine);
}

async function nothingDiffers(): Promise<void> {
  const { plan } = await planNow(await loadConfig(device.configFile, {}), AbortSignal.timeout(60_000));
  const { differences, steps, blocked } = plan;
  expect(differences).toEqual([]);
  expect(steps).toEqual([]);
  expect(blocked).toEqual([]);
}

async function nothingWasReplaced(): Promise<void> {
  const idsOf = (map: ReadonlyMap<string, ContainerInspect>) => [...map].map(([name, { Id }]) => [name, Id]).sort();
  expect(idsOf(await containers())).toEqual(idsOf(applied));
}

/** Whatever ran before; what could not publish a port in that moment is started by hand. */
async function everythingRuns(): Promise<void> {
  const wanted = [...applied].filter(([, { State }]) => State.Status === 'running').map(([name]) => name);
  await waitFor(
    async () => {
      const now = await containers();
      const down = wanted.filter((name) => now.get(name)?.State.Status !== 'running');
      await Promise.all(down.map((name) => docker('POST', `/containers/${name}/start`, undefined, engine)));
      const ill = wanted.filter(
        (name) => !['healthy', 'none', undefined].includes(now.get(name)?.State.Health?.Status),
      );
      return down.length + ill.length === 0;
    },
    { timeoutMs: 120_000, what: 'every container runs again, and well' },
  );
}

function startsOf(map: ReadonlyMap<string, ContainerInspect>) {
  return [...map].map(([name, { Id, State }]) => [name, Id, State.StartedAt]).sort();
}

/** One app for each folder; what belongs to the host is given as variables, as people do. */
async function deviceFile(): Promise<string> {
  const media = join(folder.path, 'media');
  for (const name of ['downloads', 'sync', 'consume', 'config/jellyfin'])
    await mkdir(join(media, name), { recursive: true, mode: 0o777 });
  const env = { DOCKER_SOCK: engine.socket, MEDIA_DIR: media, CONFIG_DIR: join(media, 'config'), TZ: 'Europe/Berlin' };
  const names = (await readdir(FILES)).sort();
  return JSON.stringify({ apps: names.map((name) => ({ name, compose: `${name}/compose.yaml`, env })) });
}
