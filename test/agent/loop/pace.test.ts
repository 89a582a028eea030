import { describe, expect, it } from 'vitest';
import { createLookPace, createPollPace } from '../../../agent/loop/pace.ts';

const MINUTE = 60_000;
const quiet = { steps: 0, waiting: false, retry: false, heldForMs: null };

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

  it('come often while the health gate is open', () => {
    expect(createLookPace(() => 0.5)({ ...quiet, waiting: true, steps: 2 }, MINUTE, 0)).toEqual({
      waitMs: 500,
      settleMs: 10,
    });
  });

  it('back off after failures, the open gate notwithstanding', () => {
    const rest = createLookPace(() => 0.999);
    const waits = Array.from({ length: 4 }, () =>
      Math.round(rest({ ...quiet, waiting: true, retry: true }, MINUTE, 0).waitMs / 1000),
    );
    expect(waits).toEqual([1, 2, 4, 8]);
  });

  it('slow down where something keeps breaking what is repaired, and recover', () => {
    const rest = createLookPace(() => 0.5);
    const repair = (nowMs: number) => rest({ ...quiet, steps: 1, waiting: true }, MINUTE, nowMs);
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
