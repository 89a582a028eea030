import { describe, expect, it, vi } from 'vitest';
import { createTrigger } from '../../../agent/loop/trigger.ts';

const never = new AbortController().signal;

/** Resolves to true when `work` has ended by now. */
async function ended(work: Promise<unknown>): Promise<boolean> {
  let is = false;
  void work.then(() => {
    is = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return is;
}

describe('the trigger', () => {
  it('waits as long as it was told when nothing happens', async () => {
    vi.useFakeTimers();
    const wait = createTrigger().wait(1000, 50, never);
    await vi.advanceTimersByTimeAsync(999);
    expect(await ended(wait)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended(wait)).toBe(true);
    vi.useRealTimers();
  });

  it('takes a burst of events as one, a moment after the first', async () => {
    vi.useFakeTimers();
    const trigger = createTrigger();
    const wait = trigger.wait(60_000, 50, never);
    trigger.fire();
    await vi.advanceTimersByTimeAsync(49);
    trigger.fire();
    expect(await ended(wait)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended(wait)).toBe(true);
    const next = trigger.wait(60_000, 50, never);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await ended(next)).toBe(false);
    vi.useRealTimers();
  });

  it('does not lose what happens between two waits', async () => {
    const trigger = createTrigger();
    trigger.fire();
    await trigger.wait(60_000, 1, never);
  });

  it('says whether it was fired or time was up', async () => {
    const trigger = createTrigger();
    expect(await trigger.wait(1, 1, never)).toBe(false);
    trigger.fire();
    expect(await trigger.wait(60_000, 1, never)).toBe(true);
  });

  it('takes a rest longer than a timer can hold for a long one, not for none', async () => {
    vi.useFakeTimers();
    const wait = createTrigger().wait(2 ** 40, 50, never);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await ended(wait)).toBe(false);
    vi.useRealTimers();
  });

  it('ends at once when it is told to stop', async () => {
    const stop = new AbortController();
    const wait = createTrigger().wait(60_000, 50, stop.signal);
    stop.abort();
    await wait;
  });
});
