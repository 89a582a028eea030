import { describe, expect, test } from 'vitest';
import type { Window } from '../../../fleet/model/window.ts';
import { formatOpening, isOpen, nextOpening, windowFault } from '../../../fleet/window/window.ts';

const HOUR_MS = 3_600_000;

function windowOf(cron: string, hours: number, timeZone = 'Europe/Berlin'): Window {
  return { cron, durationMs: hours * HOUR_MS, timeZone };
}

const NIGHTLY = windowOf('0 2 * * *', 2);
const HALF_PAST = windowOf('30 2 * * *', 1);

describe('a nightly window in Berlin', () => {
  test.each([
    ['before it opens', '2026-11-28T00:59:59.999Z', false],
    ['at its opening', '2026-11-28T01:00:00Z', true],
    ['in the middle', '2026-11-28T02:59:59.999Z', true],
    ['at its end', '2026-11-28T03:00:00Z', false],
    ['in summer an hour earlier by UTC', '2026-07-01T00:00:00Z', true],
    ['in summer no longer than elsewhen', '2026-07-01T02:00:00Z', false],
  ])('%s', (_when, at, open) => {
    expect(isOpen([NIGHTLY], new Date(at))).toBe(open);
  });

  test('opens right after the gap when clocks go forward over its opening', () => {
    // 02:00 is 03:00 on that night.
    expect(isOpen([HALF_PAST], new Date('2026-03-29T00:59:59Z'))).toBe(false);
    expect(isOpen([HALF_PAST], new Date('2026-03-29T01:00:00Z'))).toBe(true);
    expect(isOpen([HALF_PAST], new Date('2026-03-29T01:59:59Z'))).toBe(true);
    expect(isOpen([HALF_PAST], new Date('2026-03-29T02:00:00Z'))).toBe(false);
  });

  test('opens once when clocks go back over its opening', () => {
    // 02:30 comes twice, at 00:30Z and at 01:30Z.
    expect(isOpen([HALF_PAST], new Date('2026-10-25T00:30:00Z'))).toBe(true);
    expect(isOpen([HALF_PAST], new Date('2026-10-25T01:30:00Z'))).toBe(false);
    expect(nextOpening([HALF_PAST], new Date('2026-10-25T00:30:00Z'))).toEqual(new Date('2026-10-26T01:30:00Z'));
  });
});

test('of several windows any one counts, and the first that opens', () => {
  const windows = [windowOf('0 2 * * SUN', 1, 'UTC'), windowOf('0 12 * * *', 1, 'UTC')];
  expect(isOpen(windows, new Date('2026-11-28T12:30:00Z'))).toBe(true);
  expect(nextOpening(windows, new Date('2026-11-28T13:00:00Z'))).toEqual(new Date('2026-11-29T02:00:00Z'));
  expect(isOpen([], new Date('2026-11-28T12:30:00Z'))).toBe(false);
  expect(nextOpening([], new Date('2026-11-28T12:30:00Z'))).toBeNull();
});

test('one that is longer than its period is always open', () => {
  const daily = windowOf('0 0 * * *', 24, 'UTC');
  for (let hour = 0; hour < 48; hour++)
    expect(isOpen([daily], new Date(Date.UTC(2026, 0, 1, hour, 59, 59, 999)))).toBe(true);
});

test.each([
  [NIGHTLY, '2026-11-28T01:00:00Z', '2026-11-28T02:00+01:00'],
  [NIGHTLY, '2026-07-01T00:00:00Z', '2026-07-01T02:00+02:00'],
  [windowOf('0 0 * * *', 1, 'UTC'), '2026-07-01T00:00:00Z', '2026-07-01T00:00Z'],
  [windowOf('30 5 * * *', 1, 'Asia/Kolkata'), '2026-07-01T00:00:00Z', '2026-07-01T05:30+05:30'],
] as const)('an opening is told by the clock of its window', (window, at, text) => {
  expect(formatOpening([window], new Date(at))).toBe(text);
});

test.each([
  ['0 2 * * *', 'Europe/Berlin', null],
  ['*/15 0-6 * * MON-FRI', 'UTC', null],
  ['0 2 * * 0,6', 'UTC', null],
  ['0 2 L * *', 'UTC', null],
  ['0 2 * *', 'UTC', 'cron'],
  ['0 0 2 * * *', 'UTC', 'cron'],
  ['99 2 * * *', 'UTC', 'cron'],
  ['? 2 * * *', 'UTC', 'cron'],
  ['@daily', 'UTC', 'cron'],
  ['2026-01-01T00:00:00', 'UTC', 'cron'],
  ['x x x x x', 'UTC', 'cron'],
  ['0 0 30 2 *', 'UTC', 'never'],
  ['0 2 * * *', 'Mars/Base', 'time-zone'],
  ['0 2 * * *', '+02:00', 'time-zone'],
  ['0 2 * * *', '', 'time-zone'],
] as const)('"%s" in %s is no window because of its %s', (cron, timeZone, fault) => {
  expect(windowFault({ cron, timeZone })).toBe(fault);
});
