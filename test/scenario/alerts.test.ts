// Alerts of real hubs: one message for one cause, whatever is killed in between, and whichever of several hubs tells it.
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { agentClientId } from '../../fleet/wire/topics.ts';
import { alertPageSchema, silenceSchema } from '../../hub/api/alerts.ts';
import { createFleet } from '../../scripts/fleet-sim/player.ts';
import { PROFILES } from '../../scripts/fleet-sim/profiles.ts';
import { startMosquitto } from '../agent/mqtt/mosquitto.ts';
import { connect, deviceOf, FLEET } from '../hub/running.ts';
import { startBroker } from '../support/broker.ts';
import { type Catcher, startCatcher } from '../support/catcher.ts';
import { makeHubProcess } from '../support/hub-process.ts';
import { startProgram, temporaryFolder } from '../support/machine.ts';
import { startPostgres } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';

const DEVICES = 60;
/** Longer than a device has to be away before it counts. */
const AWAY_MS = 2_000;

const alerts = (url: string) => ({
  interval: '200ms',
  recover_after: '500ms',
  rules: {
    offline: { for: '1s' },
    ...{ drift: { enabled: false }, stuck: { enabled: false }, degraded: { enabled: false } },
  },
  receivers: { ops: { webhook: { url } } },
  routes: [{ receivers: ['ops'], group_wait: '1s', group_interval: '1s' }],
});

const bodySchema = z.object({
  alerts: z.array(z.object({ action: z.string(), devices: z.number(), most: z.number() })),
});
/** `firing 60`, `resolved 61` */
const said = ({ caught }: Catcher) =>
  caught.flatMap(({ body }) =>
    bodySchema.parse(JSON.parse(body)).alerts.map(({ action, devices, most }) => {
      return `${action} ${action === 'resolved' ? most : devices}`;
    }),
  );
const told = (receiver: Catcher, count: number) =>
  waitFor(() => said(receiver).length >= count, { timeoutMs: 40_000, what: `${count} messages: ${said(receiver)}` });
const showing = async (http: string) =>
  alertPageSchema.parse(await (await fetch(`${http}/api/v1/alerts?state=firing`)).json());
const post = (url: string, body: object) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const away = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const at = (ms = 0) => new Date(Date.now() + ms).toISOString();

test('a fleet goes and returns: one message each, through kills of the hub, a receiver that fails, and a silence', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await startCatcher();
  const hub = await makeHubProcess(folder.path, 'alerts', { stale_after: '20s', alerts: alerts(receiver.url) });
  let program = await hub.start();
  onTestFinished(() => program[Symbol.asyncDispose]());
  const again = async (ms: number) => {
    await program[Symbol.asyncDispose]();
    await away(ms);
    program = await hub.start();
  };
  const fleet = createFleet({
    ...{ seed: 'alerts', fleet: FLEET, devices: DEVICES, epochMs: Date.now(), url: hub.mqtt, connections: 'each' },
    ...{ speed: 100, reconnectMs: 300, brokerMayDie: true },
    profile: { ...PROFILES.plain, blackout: { everyS: 100, share: 1, overS: 90 } },
  });
  onTestFinished(() => fleet.end());
  await fleet.playTo(90_000);
  await fleet.settled(20_000);
  await waitFor(async () => (await hub.devices()) === DEVICES, { timeoutMs: 20_000, what: 'the hub knows all' });

  // The hub was away, and devices come back to it as they do: no reason for anything.
  await again(AWAY_MS);
  await waitFor(() => fleet.links.connects >= 2 * DEVICES, { timeoutMs: 20_000, what: 'all are back' });

  receiver.answer = { status: 503 };
  await fleet.playTo(100_400);
  await told(receiver, 1);
  const [failing] = (await showing(hub.http)).receivers;
  expect(failing).toMatchObject({ receiver: 'ops', error: 'answered 503' });
  receiver.caught.length = 0;
  receiver.answer = { status: 200 };
  await told(receiver, 1);
  expect(said(receiver)).toEqual([`firing ${DEVICES}`]);

  await again(0);
  const late = deviceOf(await connect(hub.mqtt, { clientId: agentClientId(FLEET, 'late') }), 'late');
  await late.presence({ ts: at() });
  await late.presence({ ts: at(1), online: false });
  await told(receiver, 2);
  expect(said(receiver).slice(1)).toEqual([`grown ${DEVICES + 1}`]);

  await late.presence({ ts: at(2) });
  await fleet.playTo(195_000);
  await told(receiver, 3);
  expect(said(receiver).slice(2)).toEqual([`resolved ${DEVICES + 1}`]);

  const asked = { matchers: ['device=late'], ends: at(600_000), reason: 'moved' };
  const silence = silenceSchema.parse(await (await post(`${hub.http}/api/v1/silences`, asked)).json());
  await late.presence({ ts: at(3), online: false });
  const [quiet] = await waitFor(
    async () => {
      const { items } = await showing(hub.http);
      // Longer than anybody is given to join.
      return items.length > 0 && Date.now() - Date.parse(items[0]?.since ?? '') > AWAY_MS && items;
    },
    { timeoutMs: 20_000, what: 'the alert fires in silence' },
  );
  expect(quiet).toMatchObject({ devices: 1, silenced: 1, silenced_by: [silence.id] });
  expect(said(receiver)).toHaveLength(3);
  await post(`${hub.http}/api/v1/silences/${silence.id}/expire`, {});
  await told(receiver, 4);
  expect(said(receiver).slice(3)).toEqual(['firing 1']);
  late.client.end(true);
});

test('two hubs on one store tell each thing once, and one goes on for the other', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await startCatcher();
  await using postgres = await startPostgres({ durable: false });
  const broker = await startMosquitto({ lines: ['allow_anonymous true'] });
  const store = await postgres.database();
  const config = {
    broker: { url: broker.url },
    store: { url: store },
    stale_after: '12s',
    alerts: alerts(receiver.url),
  };
  const make = (id: string) => makeHubProcess(folder.path, id, config);
  const [one, two] = [await make('hub-1'), await make('hub-2')];
  let [first, second] = await Promise.all([one.start(), two.start()]);
  onTestFinished(async () => void (await Promise.all([first.end('SIGKILL'), second.end('SIGKILL')])));
  const device = deviceOf(await connect(broker.url, { clientId: agentClientId(FLEET, 'edge-01') }), 'edge-01');
  onTestFinished(() => void device.client.end(true));

  await device.presence({ ts: at() });
  await device.presence({ ts: at(1), online: false });
  await told(receiver, 1);
  await first.end('SIGTERM');
  await device.presence({ ts: at(2) });
  await told(receiver, 2);
  first = await one.start();
  await second.end('SIGTERM');
  await device.presence({ ts: at(3), online: false });
  await told(receiver, 3);
  expect(said(receiver)).toEqual(['firing 1', 'resolved 1', 'firing 1']);
  expect((await showing(one.http)).items).toMatchObject([{ rule: 'offline', state: 'firing' }]);
});

test('a broker that is shut down and comes back is no reason to call the fleet offline', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await startCatcher();
  await using broker = await startBroker(folder.path);
  const hub = await makeHubProcess(folder.path, 'alerts', {
    ...{ broker: { url: broker.url }, stale_after: '20s', alerts: alerts(receiver.url) },
  });
  await using _program = await hub.start();
  const fleet = createFleet({
    ...{ seed: 'broker', fleet: FLEET, devices: DEVICES, epochMs: Date.now(), url: broker.url, connections: 'each' },
    ...{ speed: 1, reconnectMs: 300, brokerMayDie: true, profile: PROFILES.plain },
  });
  onTestFinished(() => fleet.end());
  await fleet.playTo(1);
  await fleet.settled(20_000);
  await waitFor(async () => (await hub.devices()) === DEVICES, { timeoutMs: 20_000, what: 'the hub knows all' });
  // In order: it says the wills of all its clients as it goes.
  const ended = once(broker.program.child, 'exit');
  broker.program.child.kill('SIGTERM');
  await ended;
  await away(AWAY_MS);
  await using _again = await startProgram('mosquitto', ['-c', join(folder.path, 'mosquitto.conf')], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  await waitFor(() => fleet.links.connects >= 2 * DEVICES, { timeoutMs: 20_000, what: 'all are back' });
  await waitFor(async () => (await fetch(`${hub.http}/readyz`)).ok, { timeoutMs: 30_000, what: 'the hub is back' });
  const late = deviceOf(await connect(broker.url, { clientId: agentClientId(FLEET, 'late') }), 'late');
  onTestFinished(() => void late.client.end(true));
  await late.presence({ ts: at() });
  await late.presence({ ts: at(1), online: false });
  await told(receiver, 1);
  expect(said(receiver)).toEqual(['firing 1']);
});
