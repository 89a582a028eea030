// What the stream says between two repaints.
import { expect, test } from 'vitest';
import { createInbox } from '../../../hub/web/data/inbox.ts';
import { device, event } from './sample.ts';

test('of one device only the last word is kept, of events every one in order', () => {
  const inbox = createInbox();
  inbox.add({ kind: 'device', value: device('edge-01', { health: 'Degraded' }) });
  inbox.add({ kind: 'event', value: event(1) });
  inbox.add({ kind: 'device', value: device('edge-01') });
  inbox.add({ kind: 'event', value: event(2) });
  const batch = inbox.take();
  expect(batch.devices).toEqual([device('edge-01')]);
  expect(batch.events.map(({ id }) => id)).toEqual([1, 2]);
});

test('what was taken is gone', () => {
  const inbox = createInbox();
  inbox.add({ kind: 'device', value: device('edge-01') });
  inbox.take();
  expect(inbox.take()).toEqual({ devices: [], events: [], summary: null, overflow: false });
});

test('a flood is bounded: the newest events stay, and too many devices are said to be too many', () => {
  const inbox = createInbox({ devices: 2, events: 2 });
  for (const at of [1, 2, 3]) {
    inbox.add({ kind: 'device', value: device(`edge-0${at}`) });
    inbox.add({ kind: 'event', value: event(at) });
  }
  const batch = inbox.take();
  expect(batch.devices).toHaveLength(2);
  expect(batch.events.map(({ id }) => id)).toEqual([2, 3]);
  expect(batch.overflow).toBe(true);
});
