import { describe, expect, it } from 'vitest';
import { createLookPace, createPollPace } from '../../../agent/loop/pace.ts';

const MINUTE = 60_000;
const quiet = { steps: 0, dueInMs: null, retry: false, busy: false, heldForMs: null };

describe('polls', () => {
  it.each([
    [0, 54_000],
    [0.5, 60_000],
    [0.999, 65_988],
  ])('are an interval apart, give or take a tenth (%f)', (random, expected) => {
    expect(Math.round(createPollPace(() => random)(false, MINUTE))).toBe(expected);
  });

  it('come sooner after a failure, ever later, and never later than the interval', () => {
    const rest = createPollPace(() => 0.999);
    const waits = Array.from({ length: 9 }, () => Math.round(rest(true, MINUTE) / 1000));
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    rest(false, MINUTE);
    expect(Math.round(rest(true, MINUTE) / 1000), 'a success ends the backoff').toBe(1);
    expect(createPollPace(() => 0)(true, MINUTE)).toBe(100);
  });
});

describe('looks', () => {
  it('are an interval apart while nothing happens', () => {
    expect(createLookPace(() => 0.5)(quiet, MINUTE, 0)).toEqual({ waitMs: MINUTE, settleMs: 10 });
  });

  it('come soon while something is waited for, and ever later until there is news', () => {
    const rest = createLookPace(() => 0.5);
    const waits = (steps: number) => rest({ ...quiet, dueInMs: MINUTE, steps }, MINUTE, 0).waitMs;
    expect([2, 0, 0, 0, 0, 0, 0].map(waits)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 16_000]);
    expect(waits(1), 'steps are news').toBe(500);
    expect(rest({ ...quiet, dueInMs: MINUTE }, 700, 0).waitMs, 'never later than the interval').toBe(700);
    rest(quiet, MINUTE, 0);
    expect(waits(2), 'what is decided ends it').toBe(500);
  });

  it.each([
    [300, 300],
    [0, 50],
  ])('come when time decides, in %d ms', (dueInMs, waitMs) => {
    expect(createLookPace(() => 0.5)({ ...quiet, dueInMs }, MINUTE, 0)).toEqual({ waitMs, settleMs: 10 });
  });

  it('back off after failures, the open gate notwithstanding', () => {
    const rest = createLookPace(() => 0.999);
    const waits = Array.from({ length: 4 }, () =>
      Math.round(rest({ ...quiet, dueInMs: 1000, retry: true }, MINUTE, 0).waitMs / 1000),
    );
    expect(waits).toEqual([1, 2, 4, 8]);
  });

  it('back off as before when what failed was under way in between', () => {
    const rest = createLookPace(() => 0.999);
    const waits = Array.from({ length: 3 }, () => {
      const { waitMs } = rest({ ...quiet, retry: true }, MINUTE, 0);
      rest({ ...quiet, busy: true }, MINUTE, 0);
      return Math.round(waitMs / 1000);
    });
    expect(waits).toEqual([1, 2, 4]);
    rest(quiet, MINUTE, 0);
    expect(Math.round(rest({ ...quiet, retry: true }, MINUTE, 0).waitMs / 1000)).toBe(1);
  });

  it('slow down where something keeps breaking what is repaired, and recover', () => {
    const rest = createLookPace(() => 0.5);
    const repair = (nowMs: number) => rest({ ...quiet, steps: 1, dueInMs: MINUTE }, MINUTE, nowMs);
    const settles = Array.from({ length: 48 }, (_, index) => repair(index).settleMs);
    expect(settles).toEqual([
      ...Array.from({ length: 40 }, () => 10),
      2000,
      4000,
      8000,
      16_000,
      32_000,
      60_000,
      60_000,
      60_000,
    ]);
    expect(repair(50).waitMs, 'the open gate does not get around it').toBe(60_000);
    expect(repair(50 + 4 * MINUTE)).toEqual({ waitMs: 500, settleMs: 10 });
  });
});
