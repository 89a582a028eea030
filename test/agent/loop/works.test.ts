import { describe, expect, it } from 'vitest';
import { createWorks, type EndedWork } from '../../../agent/loop/works.ts';
import type { Plan } from '../../../fleet/model/plan.ts';
import { asStep } from '../../support/steps.ts';

const planOf = (app: string): Plan => {
  const step = { ...asStep({ kind: 'start-container' as const, container: app }), app, id: app };
  return { revision: 'a', differences: [], steps: [step], blocked: [] };
};

function works() {
  let late = 0;
  const ended: EndedWork[] = [];
  const all = createWorks(() => void late++, 1);
  return {
    ...all,
    late: () => late,
    ended,
    /** Begins the step of an app; `run` carries it out. */
    run: (app: string, run: (signal: AbortSignal) => Promise<void>) =>
      all.begin(
        planOf(app),
        {
          specOf: () => 'spec',
          run: async (signal, onEnded) => {
            await run(signal);
            onEnded(app, { failed: [], skipped: [] });
          },
          onEnded: (work) => ended.push(work),
        },
        new AbortController().signal,
      ),
  };
}

describe('works', () => {
  it('are so many at once, and make room when they end', async () => {
    const it = works();
    const releases: (() => void)[] = [];
    const hang = () => new Promise<void>((resolve) => releases.push(resolve));
    let count = 0;
    while (it.hasRoom()) await it.run(`app${count++}`, hang);
    expect(count).toBe(16);
    releases[0]?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([it.hasRoom(), it.late(), it.ended.map(({ app }) => app)]).toEqual([true, 1, ['app0']]);
    expect(it.standing(() => 'spec').running.size).toBe(15);
  });

  it('of which the end was awaited wake nobody', async () => {
    const it = works();
    await it.run('kiosk', async () => undefined);
    expect([it.isRunning(), it.late()]).toEqual([false, 0]);
  });

  it('leave no app busy for ever where carrying out itself breaks', async () => {
    const it = works();
    await it.run('kiosk', () => Promise.reject(new Error('broken')));
    const { running, ended } = it.standing(() => 'spec');
    expect([running.size, ended.map(({ applied }) => applied.failed.length)]).toEqual([0, [1]]);
  });

  it('end when the agent does, and are waited for', async () => {
    const it = works();
    let over = false;
    await it.run('kiosk', async (signal) => {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await new Promise((resolve) => setTimeout(resolve, 20));
      over = true;
    });
    expect(over).toBe(false);
    await it.end();
    expect([over, it.standing(() => 'spec').ended]).toEqual([true, []]);
  });
});
