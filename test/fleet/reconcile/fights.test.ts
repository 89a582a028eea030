// When drift that keeps coming back is held back, and for how long. Times are monotonic milliseconds.
import { expect, test } from 'vitest';
import type { Difference } from '../../../fleet/model/plan.ts';
import {
  CALM_CORRECTIONS,
  FIRST_HOLD_MS,
  type Fights,
  forgetFights,
  formatFight,
  heldKeys,
  LONGEST_HOLD_MS,
  noteCorrected,
  WINDOW_MS,
} from '../../../fleet/reconcile/fights.ts';

const KEY = 'service:kiosk/web|mem_limit';
const OTHER = 'service:kiosk/web|cpus';

/** Somebody sets it again a second after each correction; returns when it was corrected within this time. */
function corrections(forMs: number): number[] {
  let fights: Fights = new Map();
  const made: number[] = [];
  for (let nowMs = 0; nowMs < forMs; nowMs += 1000) {
    if (heldKeys(fights, nowMs).has(KEY)) continue;
    made.push(nowMs);
    fights = noteCorrected(fights, [KEY], nowMs);
  }
  return made;
}

test('the first corrections are made at once, the others ever later', () => {
  expect(corrections(10 * 60_000).map((ms) => ms / 1000)).toEqual([0, 1, 2, 3, 4, 34, 94, 214, 454]);
});

test('a fight of a day costs few corrections, and they go on', () => {
  const made = corrections(24 * 3600_000);
  expect(made.length).toBeLessThan(CALM_CORRECTIONS + 6 + 48);
  expect(Math.max(...made.slice(1).map((ms, index) => ms - (made[index] ?? 0)))).toBeLessThanOrEqual(LONGEST_HOLD_MS);
});

test('drift that comes back seldom is corrected each time', () => {
  let fights: Fights = new Map();
  for (let time = 0; time < 100; time++) {
    const nowMs = (time * WINDOW_MS) / (CALM_CORRECTIONS - 1);
    expect(heldKeys(fights, nowMs).size).toBe(0);
    fights = noteCorrected(fights, [KEY], nowMs + 1);
  }
});

test('other drift of the same service is none of it', () => {
  let fights: Fights = new Map();
  for (let nowMs = 0; nowMs < CALM_CORRECTIONS; nowMs++) fights = noteCorrected(fights, [KEY], nowMs);
  expect([...heldKeys(fights, 10)]).toEqual([KEY]);
  fights = noteCorrected(fights, [OTHER], 10);
  expect([...heldKeys(fights, 11)]).toEqual([KEY]);
});

test('it is over when it stays quiet for long enough', () => {
  let fights: Fights = new Map();
  for (let nowMs = 0; nowMs < CALM_CORRECTIONS; nowMs++) fights = noteCorrected(fights, [KEY], nowMs);
  fights = noteCorrected(fights, [KEY], 2 * WINDOW_MS);
  expect(fights.get(KEY)).toMatchObject({ count: 1, holds: 0, heldUntilMs: null });
});

test('what Git changes begins anew', () => {
  let fights: Fights = new Map();
  for (let nowMs = 0; nowMs < CALM_CORRECTIONS; nowMs++)
    fights = noteCorrected(fights, [KEY, 'service:kiosk/db|state'], nowMs);
  fights = forgetFights(fights, new Set(['service:kiosk/web']));
  expect([...heldKeys(fights, 10)]).toEqual(['service:kiosk/db|state']);
});

test('no more drifts are counted than fit', () => {
  let fights: Fights = new Map();
  for (let one = 0; one < 1500; one++) fights = noteCorrected(fights, [`service:a/b${one}|state`], one);
  expect(fights.size).toBe(1024);
  expect(fights.has('service:a/b1499|state')).toBe(true);
});

test('it is told with how often, in how long, by what and until when', () => {
  let fights: Fights = new Map();
  for (let time = 0; time < CALM_CORRECTIONS; time++) fights = noteCorrected(fights, [KEY], time * 30_000);
  const fight = fights.get(KEY);
  if (fight === undefined) throw new Error('there is no fight');
  const difference: Difference = {
    ...{ resource: 'service:kiosk/web', app: 'kiosk', field: 'mem_limit', desired: 64, observed: 32 },
    kind: 'field',
    origin: 'drift',
    left: 'held',
  };
  expect(formatFight(difference, fight, 'update at 12:03:10Z', 125_000)).toBe(
    'mem_limit is 32 B, declared is 64 B; corrected 5 times in 2m5s: something else sets it (update at 12:03:10Z); next correction in 25s',
  );
  expect(formatFight(difference, fight, undefined, 4 * 30_000 + FIRST_HOLD_MS)).toMatch(
    /something else sets it; next correction in 1s$/,
  );
});
