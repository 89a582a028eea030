import { connect as tcp } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { devicePageSchema, deviceSchema } from '../../hub/api/schemas.ts';
import { createFrameWatch } from '../../hub/broker/frames.ts';
import { connect, deviceOf, FLEET, type Running, startHub, until } from './running.ts';
import { at, presence, status } from './sample.ts';

let hub: Running;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.stop());

const dropped = async (cause: string) => {
  const text = await (await fetch(`${hub.http}/metrics`)).text();
  return Number(new RegExp(`^holdfast_messages_dropped_total\\{cause="${cause}"\\} (\\d+)$`, 'm').exec(text)?.[1]);
};
const one = async (id: string) => deviceSchema.parse((await hub.get(`/api/v1/devices/${id}`)).body);

test.each([
  '#',
  '+/v1/#',
  'holdfast/v1/acme/+/status',
  'holdfast/v1/#',
  '$SYS/broker',
  'other/topic',
  'holdfast/v1/acme/edge-02/status',
])('a device may not subscribe to %s', async (filter) => {
  const { client } = await hub.device('edge-01');
  const granted = await client.subscribeAsync(filter, { qos: 1 }).catch((error: Error) => error.message);
  expect(JSON.stringify(granted)).toMatch(/128|Unspecified error/);
});

test('a device may not publish as another device: it is cut off, and nothing is known of the other', async () => {
  const { client } = await hub.device('edge-01');
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.publish('holdfast/v1/acme/edge-66/status', JSON.stringify(status({ device: 'edge-66' })), { qos: 1 });
  await closed;
  expect((await hub.get('/api/v1/devices/edge-66')).status).toBe(404);
  expect(await dropped('forbidden')).toBe(1);
});

test('a will for another device is refused too', async () => {
  const payload = Buffer.from(JSON.stringify(presence({ device: 'edge-67', online: false })));
  const { client } = await hub.device('edge-01', {
    will: { topic: 'holdfast/v1/acme/edge-67/presence', payload, qos: 1, retain: true },
  });
  client.stream.destroy();
  await until(
    () => dropped('forbidden'),
    (count) => count === 2,
  );
  expect((await hub.get('/api/v1/devices/edge-67')).status).toBe(404);
});

test('a device gives no hints', async () => {
  const { client } = await hub.device('edge-01');
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.publish('holdfast/v1/acme/edge-01/cmd/reconcile', '{}', { qos: 1 });
  await closed;
});

test('the will makes a device offline when its connection breaks', async () => {
  const will = Buffer.from(JSON.stringify(presence({ device: 'edge-10', ts: at(0), online: false })));
  const device = await hub.device('edge-10', {
    will: { topic: `holdfast/v1/${FLEET}/edge-10/presence`, payload: will, qos: 1, retain: true },
  });
  await device.presence({ ts: at(1) });
  expect((await one('edge-10')).presence).toBe('online');
  device.client.stream.destroy();
  await until(
    () => one('edge-10'),
    ({ presence: is }) => is === 'offline',
  );
});

test('what is malformed is acknowledged, counted and not kept; the device stays connected', async () => {
  const device = await hub.device('edge-11');
  const before = await dropped('malformed');
  await device.client.publishAsync('holdfast/v1/acme/edge-11/status', '{', { qos: 1, retain: true });
  await device.client.publishAsync('holdfast/v1/acme/edge-11/status', Buffer.alloc(70 * 1024, 0x20), { qos: 1 });
  await device.status();
  expect(await dropped('malformed')).toBe(before + 1);
  expect(await dropped('oversized')).toBe(1);
  expect((await one('edge-11')).sync).toBe('Synced');
});

test('a packet that declares 200 MB is refused before it is buffered', async () => {
  const { port, hostname } = new URL(hub.mqtt);
  const before = await dropped('oversized');
  const socket = tcp(Number(port), hostname);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.write(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x64, 0x00]));
  await closed;
  expect(await dropped('oversized')).toBe(before + 1);
});

test('MQTT 5 is refused with the code that makes an agent fall back', async () => {
  const refused = await connect(hub.mqtt, { protocolVersion: 5, clientId: 'holdfast:acme:edge-12' }).catch(
    (error: Error) => error,
  );
  expect(refused).toBeInstanceOf(Error);
  const device = deviceOf(await hub.client({ clientId: 'holdfast:acme:edge-12' }), 'edge-12');
  await device.presence();
  expect((await one('edge-12')).presence).toBe('online');
});

test('the state of the hub is retained while it is up', async () => {
  const { client } = await hub.device('edge-13');
  const said = new Promise<string>((resolve) =>
    client.once('message', (_topic, payload) => resolve(payload.toString())),
  );
  await client.subscribeAsync('holdfast/v1/default/_hub/hub/state', { qos: 1 });
  expect(JSON.parse(await said)).toMatchObject({ schema: 1, hub: 'hub', online: true });
});

test('hostile strings come back as they were sent, but for NUL, which no store holds', async () => {
  const hostile = `'; drop table devices; --\u0000<script>alert(1)</script>=cmd|' /C calc'!A0\r\n\u001b[31m{{7*7}}`;
  const kept = hostile.replace('\0', '\ufffd');
  const device = await hub.device('edge-14');
  const conditions = status().conditions.map((condition) => ({ ...condition, message: hostile }));
  await device.status({ conditions, labels: { [hostile]: hostile, __proto__x: hostile } });
  await device.event({ seq: 9, message: hostile, resource: hostile });
  const whole = await one('edge-14');
  expect(whole.message).toBe(kept);
  expect(whole.labels[kept]).toBe(kept);
  expect(whole.events[0]).toMatchObject({ message: kept, resource: kept });
  expect(devicePageSchema.parse((await hub.get('/api/v1/devices')).body).items.length).toBeGreaterThan(0);
});

test('two clients that fight over one device are a clash', async () => {
  const first = await hub.device('edge-15');
  await first.presence({ instance: 'a', ts: at(1) });
  const second = await hub.device('edge-15');
  await second.presence({ instance: 'b', ts: at(2) });
  const again = await hub.device('edge-15');
  await again.presence({ instance: 'a', ts: at(3) });
  const device = await one('edge-15');
  expect(device.clash).toBe(true);
  expect(device.events[0]).toMatchObject({ reason: 'Clash', severity: 'error' });
});

test('packets are told apart whatever the pieces that they arrive in', () => {
  const bytes = [0x10, 0x02, 1, 2, 0xc0, 0x00, 0x30, 0x80, 0x01, ...Array.from({ length: 128 }, () => 7)];
  const small = createFrameWatch(200);
  expect(bytes.every((byte) => small(Uint8Array.of(byte)))).toBe(true);
  const tight = createFrameWatch(100);
  expect(tight(Uint8Array.from(bytes))).toBe(false);
});
