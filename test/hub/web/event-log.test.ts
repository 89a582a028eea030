// The audit trail on one screen.
import { expect, test } from 'vitest';
import { EMPTY_LOG, EVENTS_MAX, withEventPage, withEvents } from '../../../hub/web/data/event-log.ts';
import { event } from './sample.ts';

const ALL = { severity: null, device: null };

test('the newest event is first, and none is there twice', () => {
  const page = withEventPage(EMPTY_LOG, { items: [event(3), event(1)], next: null });
  const log = withEvents(page, [event(4), event(3), event(2)], ALL);
  expect(log.items.map(({ id }) => id)).toEqual([4, 3, 2, 1]);
});

test('an event that the filter does not want changes nothing', () => {
  const log = withEventPage(EMPTY_LOG, { items: [event(1, { severity: 'error' })], next: null });
  expect(withEvents(log, [event(2)], { severity: 'error', device: null })).toBe(log);
  expect(withEvents(log, [event(2)], { severity: null, device: 'edge-02' })).toBe(log);
});

test('the log keeps the newest and then asks for no older page', () => {
  const items = Array.from({ length: EVENTS_MAX + 50 }, (_, at) => event(at + 1));
  const log = withEventPage(EMPTY_LOG, { items, next: 'cursor' });
  expect(log.items).toHaveLength(EVENTS_MAX);
  expect(log.items[0]?.id).toBe(EVENTS_MAX + 50);
  expect(log.next).toBeNull();
});
