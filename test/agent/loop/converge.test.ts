import { describe, expect, it } from 'vitest';
import { converge } from '../../../agent/loop/converge.ts';
import type { Outcome } from '../../../agent/loop/cycle.ts';
import { restFor } from '../../../agent/loop/rest.ts';
import { desiredOf } from '../../fleet/reconcile/support/desired.ts';

const HOUR_MS = 3_600_000;
const CALM = { dueInMs: null, busy: false, retry: false, again: false, steps: 0, heldForMs: null };

/** Looks until it has converged; an hour passes in each rest of `slow` looks, a second in others. */
async function looks(outcomes: readonly (Partial<Outcome> & { readonly slow?: true })[]): Promise<number> {
  let [count, nowMs] = [0, 0];
  const at = () => outcomes[Math.min(count, outcomes.length) - 1];
  await converge(
    {
      look: async () => ({ ...CALM, ...outcomes[Math.min(count++, outcomes.length - 1)] }) as Outcome,
      rest: async () => {
        nowMs += at()?.slow ? HOUR_MS : 1000;
      },
      desired: () => desiredOf([]),
      intervalMs: () => 60_000,
      monotonicMs: () => nowMs,
      random: () => 0.5,
    },
    new AbortController().signal,
  );
  return count;
}

describe('once', () => {
  it.each([
    ['looks once where nothing is to be waited for', [{}], 1],
    [
      'goes on while a step is under way, however long, and then waits for what is awaited',
      [{ busy: true, slow: true }, { busy: true, slow: true }, { dueInMs: 0 }, { dueInMs: 0 }, {}],
      5,
    ],
    [
      'does not count what is under way as tries',
      [
        { busy: true, retry: true },
        { busy: true, retry: true },
        { busy: true, retry: true },
        { retry: true },
        { retry: true },
        { retry: true },
        { retry: true },
      ],
      7,
    ],
    ['gives up on what never comes', [{ dueInMs: 0, slow: true }], 2],
  ] as const)('%s', async (_what, outcomes, count) => {
    expect(await looks(outcomes)).toBe(count);
  });
});

describe('a rest', () => {
  async function rested(busy: boolean, wokenAfter = Number.POSITIVE_INFINITY) {
    const waits: number[] = [];
    let told = 0;
    const wake = {
      wait: async (ms: number) => {
        waits.push(ms);
        return waits.length >= wokenAfter;
      },
    };
    const tell = async () => void told++;
    await restFor(wake, { waitMs: 25_000, settleMs: 0, busy }, tell, new AbortController().signal);
    return { waits, told };
  }

  it('says every ten seconds how far steps are that are under way', async () => {
    expect(await rested(true)).toEqual({ waits: [10_000, 10_000, 5000], told: 2 });
    expect(await rested(true, 2)).toEqual({ waits: [10_000, 10_000], told: 1 });
  });

  it('says nothing while none is', async () => {
    expect(await rested(false)).toEqual({ waits: [25_000], told: 0 });
  });
});
