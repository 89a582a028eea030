// The bound of every wait for the Engine.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pause, withDeadline } from '../../../agent/docker/deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = new AbortController().signal;

test('work that never settles fails as DockerUnavailable when the time is up, and is told to stop', async () => {
  let told: AbortSignal | undefined;
  const waiting = withDeadline({ what: 'stand still', ms: 5_000, signal: never }, (signal) => {
    told = signal;
    return new Promise(() => undefined);
  });
  const outcome = expect(waiting).rejects.toMatchObject({
    code: 'DockerUnavailable',
    message: 'The Engine did not finish "stand still" within 5 s.',
  });
  await vi.advanceTimersByTimeAsync(4_999);
  expect(told?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await outcome;
  expect(told?.aborted).toBe(true);
});

test("the caller's abort rejects with the caller's own reason", async () => {
  const caller = new AbortController();
  const reason = new Error('the agent ends');
  const waiting = withDeadline({ what: 'wait', ms: 5_000, signal: caller.signal }, () => new Promise(() => undefined));
  caller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test('nothing starts after an abort', async () => {
  let started = false;
  const waiting = withDeadline({ what: 'wait', ms: 1, signal: AbortSignal.abort(new Error('over')) }, async () => {
    started = true;
  });
  await expect(waiting).rejects.toThrow('over');
  expect(started).toBe(false);
});

test('work that settles leaves no timer behind', async () => {
  expect(await withDeadline({ what: 'answer', ms: 5_000, signal: never }, async () => 42)).toBe(42);
  await expect(
    withDeadline({ what: 'fail', ms: 5_000, signal: never }, async () => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(vi.getTimerCount()).toBe(0);
});

test('a pause ends at once when its signal aborts', async () => {
  const caller = new AbortController();
  const waiting = pause(60_000, caller.signal);
  caller.abort(new Error('over'));
  await expect(waiting).rejects.toThrow('over');
  expect(vi.getTimerCount()).toBe(0);
});
