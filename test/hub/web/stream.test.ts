// The pauses between attempts, and what is taken for a message.
import { expect, test } from 'vitest';
import { parseMessage, pauseMs } from '../../../hub/web/data/stream.ts';

test('pauses double, are never longer than half a minute, and spread over their upper half', () => {
  expect([0, 1, 2, 3].map((attempt) => pauseMs(attempt, 1))).toEqual([1000, 2000, 4000, 8000]);
  expect(pauseMs(0, 0)).toBe(500);
  expect(pauseMs(5000, 1)).toBe(30_000);
});

test('half a message, or what is no object, is no message', () => {
  expect(parseMessage('device', '{"id":"edge-0')).toBeNull();
  expect(parseMessage('device', '7')).toBeNull();
  expect(parseMessage('device', 'null')).toBeNull();
  expect(parseMessage('summary', '{"devices":1}')).toEqual({ kind: 'summary', value: { devices: 1 } });
});
