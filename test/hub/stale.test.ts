import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceSchema } from '../../hub/api/schemas.ts';
import { type Running, startHub, until } from './running.ts';

let hub: Running;
beforeAll(async () => {
  hub = await startHub('stale_after: 2s\n');
});
afterAll(() => hub.stop());

const one = async (id: string) => deviceSchema.parse((await hub.get(`/api/v1/devices/${id}`)).body);

test('a silent device becomes stale and comes back with its next report', async () => {
  const device = await hub.device('edge-01');
  await device.presence();
  await device.status();
  await until(
    () => one('edge-01'),
    ({ presence }) => presence === 'stale',
  );
  await device.status({ seq: 2, ts: new Date().toISOString() });
  const back = await one('edge-01');
  expect(back.presence).toBe('online');
  expect(back.events.map(({ reason }) => reason)).toEqual(['Online', 'Stale', 'Online']);
});

test('a connection that shows signs of life keeps a quiet device online', async () => {
  const device = await hub.device('edge-02', { keepalive: 1 });
  await device.presence();
  const silent = await hub.device('edge-03');
  await silent.presence();
  await until(
    () => one('edge-03'),
    ({ presence }) => presence === 'stale',
  );
  expect((await one('edge-02')).presence).toBe('online');
});
