// One device's page after a batch of the stream.
import { expect, test } from 'vitest';
import type { Batch } from '../../../hub/web/data/inbox.ts';
import { DEVICE_EVENTS_MAX, withDeviceBatch } from '../../../hub/web/pages/device/device-batch.ts';
import { device, event } from './sample.ts';

const WHOLE = { ...device('edge-01'), status: null, events: [event(1)] };
const NOTHING: Batch = { devices: [], events: [], summary: null, overflow: false };

test('a batch about others changes nothing and asks for nothing', () => {
  const others = { ...NOTHING, devices: [device('edge-02')], events: [event(2, { device: 'edge-02' })] };
  const after = withDeviceBatch(WHOLE, others);
  expect(after.value).toBe(WHOLE);
  expect(after.again).toBe(false);
});

test('a batch about the device shows at once, and the whole of it is asked for again', () => {
  const after = withDeviceBatch(WHOLE, { ...NOTHING, devices: [device('edge-01', { health: 'Degraded' })] });
  expect(after.value.health).toBe('Degraded');
  expect(after.again).toBe(true);
});

test('the same id in another fleet is another device', () => {
  const twin = { fleet: 'other' };
  const batch = { ...NOTHING, devices: [device('edge-01', twin)], events: [event(9, twin)] };
  expect(withDeviceBatch(WHOLE, batch).value).toBe(WHOLE);
});

test('its events are added, newest first and bounded', () => {
  const events = Array.from({ length: DEVICE_EVENTS_MAX + 20 }, (_, at) => event(at + 2));
  const { value } = withDeviceBatch(WHOLE, { ...NOTHING, events });
  expect(value.events).toHaveLength(DEVICE_EVENTS_MAX);
  expect(value.events[0]?.id).toBe(DEVICE_EVENTS_MAX + 21);
});
