import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceSchema, eventPageSchema } from '../../../hub/api/schemas.ts';
import { connect, deviceOf, type Running, startHub, until } from '../running.ts';

let broker: Aedes;
let server: Server;
let url: string;
let hub: Running;

beforeAll(async () => {
  broker = await Aedes.createBroker();
  server = createServer(broker.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `mqtt://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const before = deviceOf(await connect(url, { clientId: 'holdfast:acme:edge-01' }), 'edge-01');
  await before.presence();
  await before.status({ sync: 'OutOfSync' });
  hub = await startHub(`broker: { url: "${url}" }\n`);
});
afterAll(async () => {
  await hub.stop();
  await new Promise<void>((resolve) => broker.close(resolve));
  server.close();
});

const one = async (id: string) => {
  const { status, body } = await hub.get(`/api/v1/devices/${id}`);
  return status === 200 ? deviceSchema.parse(body) : null;
};

test('a hub that joins a broker catches up from retained messages, without events', async () => {
  const device = await until(
    () => one('edge-01'),
    (found) => found?.sync === 'OutOfSync',
  );
  expect(device).toMatchObject({ presence: 'online', sync: 'OutOfSync', events: [] });
  expect((await fetch(`${hub.http}/readyz`)).status).toBe(200);
});

test('live reports come in, and hints go out', async () => {
  const device = deviceOf(await connect(url, { clientId: 'holdfast:acme:edge-02' }), 'edge-02');
  await device.client.subscribeAsync('holdfast/v1/acme/edge-02/cmd/reconcile', { qos: 1 });
  const hint = new Promise((resolve) => device.client.once('message', (topic) => resolve(topic)));
  await device.presence();
  await device.event();
  await until(
    async () => eventPageSchema.parse((await hub.get('/api/v1/events?device=edge-02')).body).items,
    (items) => items.length === 2,
  );
  await fetch(`${hub.http}/api/v1/devices/edge-02/reconcile`, { method: 'POST' });
  expect(await hint).toBe('holdfast/v1/acme/edge-02/cmd/reconcile');
  device.client.end(true);
});

test('the hub tells the broker that it is there', async () => {
  const reader = await connect(url, { clientId: 'reader' });
  const said = new Promise<string>((resolve) =>
    reader.once('message', (_topic, payload) => resolve(payload.toString())),
  );
  await reader.subscribeAsync('holdfast/v1/default/_hub/hub/state', { qos: 1 });
  expect(JSON.parse(await said)).toMatchObject({ hub: 'hub', online: true });
  reader.end(true);
});

test('a lost broker is found again', async () => {
  for (const client of Object.values(
    (broker as unknown as { clients: Record<string, { conn: { destroy(): void } }> }).clients,
  )) {
    client.conn.destroy();
  }
  await until(
    async () => (await fetch(`${hub.http}/readyz`)).status,
    (status) => status === 200,
  );
  const device = deviceOf(await connect(url, { clientId: 'holdfast:acme:edge-03' }), 'edge-03');
  await until(
    async () => {
      await device.presence({ ts: new Date().toISOString() });
      return await one('edge-03');
    },
    (found) => found !== null,
  );
  device.client.end(true);
});
