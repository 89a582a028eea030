// A step of one app that takes long, on the real Engine: the other apps are repaired meanwhile, and the long one ends as it would
// have ended alone.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { containersOf } from '../support/containers.ts';
import { type Device, makeDevice } from '../support/device.ts';
import { cleanup, dockerOk } from '../support/engine.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { type Program, type TemporaryFolder, temporaryFolder, uniqueId } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

/** How long the new database takes to get ready. */
const WAIT_S = 15;
/** By then a killed container of another app runs again, with room for a busy machine. */
const SOON_MS = 8000;

let folder: TemporaryFolder;
let fleet: Fleet;
let device: Device;
let agent: Program;
const id = uniqueId();
const [kiosk, meter] = [uniqueId('kiosk'), uniqueId('meter')];
const within = (what: string) => ({ timeoutMs: 60_000, what });

/** `release` of both services; the database is healthy after so many seconds. */
async function commit(release: string, readyS: number, image = 'holdfast/busybox:1'): Promise<void> {
  const get = `(sleep ${readyS}; touch /ready) & exec sleep 100000`;
  const more = `stop_signal: SIGKILL, environment: { RELEASE: "${release}" }`;
  await fleet.commit({
    [`devices/${id}/device.yaml`]: `apps:
  - { name: ${kiosk}, compose: kiosk.yaml }
  - { name: ${meter}, compose: meter.yaml }
`,
    [`devices/${id}/kiosk.yaml`]: `services:
  db: { image: holdfast/busybox:1, command: [sh, -c, "${get}"], ${more}, healthcheck: { test: ["CMD", "test", "-e", "/ready"], interval: 300ms, retries: 200 } }
  web: { image: "${image}", command: [sleep, "100000"], ${more}, depends_on: { db: { condition: service_healthy } } }
`,
    [`devices/${id}/meter.yaml`]: `services: { web: { image: "holdfast/busybox:1", command: [sleep, "100000"], stop_signal: SIGKILL } }\n`,
  });
}

beforeAll(async () => {
  folder = await temporaryFolder();
  fleet = await makeFleet(folder.path);
  device = await makeDevice({ id, url: fleet.url, folder: join(folder.path, id) });
  await commit('one', 0);
  agent = await device.start();
  await waitFor(() => device.status().revision.last_good !== null, within('the first revision is good'));
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await cleanup(id);
  await fleet.close();
  await folder[Symbol.asyncDispose]();
});

async function releaseOf(service: string): Promise<string | undefined> {
  const container = (await containersOf(id)).get(`${kiosk}-${service}-1`);
  const [, release] = container?.Config.Env?.find((one) => one.startsWith('RELEASE='))?.split('=') ?? [];
  return container?.State.Status === 'running' ? release : undefined;
}

/** Takes the other app's container away. How long until it runs again. */
async function killed(): Promise<number> {
  const before = (await containersOf(id)).get(`${meter}-web-1`)?.Id;
  expect(before).toBeDefined();
  const startedMs = performance.now();
  await dockerOk('DELETE', `/containers/${before}?force=true`);
  await waitFor(async () => {
    const now = (await containersOf(id)).get(`${meter}-web-1`);
    return now !== undefined && now.Id !== before && now.State.Status === 'running';
  }, within('it runs again'));
  return performance.now() - startedMs;
}

it('what of another app is killed while an update waits for a service runs again at once', async () => {
  await commit('two', WAIT_S);
  await waitFor(async () => (await releaseOf('db')) === 'two', within('the database is new'));
  expect(await killed()).toBeLessThan(SOON_MS);
  expect([await releaseOf('web'), device.status().revision.last_good]).not.toContain('two');
  await waitFor(async () => (await releaseOf('web')) === 'two', within('the update has ended'));
  await waitFor(() => {
    const { revision, sync } = device.status();
    return sync === 'Synced' && revision.last_good === revision.desired;
  }, within('it is good'));
});

it('the same while an image does not come, until a newer commit does not ask for it any more', async () => {
  const silent = createServer(() => undefined);
  const port = await new Promise<number>((resolve) =>
    silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { readonly port: number }).port)),
  );
  try {
    await commit('three', 0, `127.0.0.1:${port}/never:1`);
    const reconciling = () => device.status().conditions.find(({ type }) => type === 'Reconciling')?.message ?? '';
    await waitFor(() => reconciling().startsWith('pulling'), within('the pull is under way'));
    expect(await killed()).toBeLessThan(SOON_MS);
    expect(reconciling()).toMatch(/^pulling/);
    await commit('four', 0);
    await waitFor(async () => (await releaseOf('web')) === 'four', within('the newer commit runs'));
  } finally {
    silent.close();
  }
});
