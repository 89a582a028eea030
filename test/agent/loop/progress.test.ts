import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { tellingProgress } from '../../../agent/loop/progress.ts';

it('is told while work is under way, one at a time, and never after it has ended', async () => {
  let told = 0;
  let underWay = 0;
  const tell = async (): Promise<void> => {
    expect(++underWay).toBe(1);
    await sleep(5);
    underWay--;
    told++;
  };
  expect(await tellingProgress(sleep(60, 'done'), 10, tell)).toBe('done');
  const toldByThen = told;
  expect([toldByThen > 0, underWay]).toEqual([true, 0]);
  await sleep(30);
  expect(told).toBe(toldByThen);
});

it('does not hide why the work failed', async () => {
  await expect(tellingProgress(Promise.reject(new Error('broken')), 10, async () => undefined)).rejects.toThrow(
    'broken',
  );
});
