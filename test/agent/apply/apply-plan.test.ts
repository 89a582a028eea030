import { describe, expect, it } from 'vitest';
import { type Applied, applyPlan, type Executor } from '../../../agent/apply/apply-plan.ts';
import type { InventoryItem } from '../../../fleet/model/inventory.ts';
import type { Plan, Step } from '../../../fleet/model/plan.ts';

function start(name: string, ...after: readonly string[]): Step {
  return {
    id: name,
    after,
    subject: name,
    app: 'kiosk',
    resource: `service:kiosk/${name}`,
    cause: 'test',
    kind: 'start-container',
    container: name,
  };
}

const WAIT = { kind: 'await-service', condition: 'service_healthy', timeoutMs: 1000 } as const;

interface Run {
  readonly applied: Applied;
  readonly log: readonly string[];
}

/** Runs the steps; each takes one turn of the event loop unless `act` says otherwise. */
async function run(
  steps: readonly Step[],
  act: (step: Step) => Promise<void>,
  declared: readonly InventoryItem[] = [],
  signal = new AbortController().signal,
  onEnded: (app: string, applied: Applied) => void = () => undefined,
): Promise<Run> {
  const log: string[] = [];
  const perform = async (step: Step): Promise<void> => {
    log.push(`begin ${step.id}`);
    await act(step);
    log.push(`end ${step.id}`);
  };
  const execute = new Proxy({} as Executor, { get: () => perform });
  const plan: Plan = { revision: 'main@sha1:a', differences: [], steps, blocked: [] };
  const applied = await applyPlan(
    plan,
    {
      execute,
      declared,
      inventory: () => [],
      putInventory: ({ name }) => log.push(`inventory ${name}`),
      monotonicMs: () => 0,
      log: () => undefined,
      onEnded,
    },
    signal,
  );
  return { applied, log };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('applying a plan', () => {
  it('starts a step only after everything that it waits for has ended', async () => {
    const { log, applied } = await run([start('a'), start('b', 'a'), start('c', 'a', 'b')], turn);
    expect(log).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
    expect(applied).toEqual({ failed: [], skipped: [] });
  });

  it('does independent work at the same time, eight steps at most', async () => {
    let running = 0;
    let most = 0;
    const steps = Array.from({ length: 30 }, (_, index) => start(`s${index}`));
    await run(steps, async () => {
      most = Math.max(most, ++running);
      await turn();
      running--;
    });
    expect(most).toBe(8);
  });

  it('a failed step fails what waits for it and nothing else', async () => {
    const { applied, log } = await run(
      [start('bad'), start('child', 'bad'), start('grandchild', 'child'), start('other'), start('last', 'other')],
      async ({ id }) => {
        await turn();
        if (id === 'bad') throw new Error('port is taken');
      },
    );
    expect(applied.failed.map(({ step }) => step.id)).toEqual(['bad']);
    expect(applied.skipped.map(({ id }) => id)).toEqual(['child', 'grandchild']);
    expect(log).toContain('end last');
  });

  it('starts nothing more once it is told to stop', async () => {
    const stop = new AbortController();
    const { applied } = await run([start('a'), start('b', 'a')], async () => stop.abort(), [], stop.signal);
    expect(applied.skipped.map(({ id }) => id)).toEqual(['b']);
  });

  it('records in the inventory before it creates', async () => {
    const item: InventoryItem = {
      kind: 'container',
      name: 'kiosk-web-1',
      resource: 'service:kiosk/web',
      app: 'kiosk',
      applied: {},
      revision: 'r',
    };
    const create: Step = {
      ...start('web'),
      kind: 'create-container',
      name: 'kiosk-web-1--next',
      body: { Image: 'x', HostConfig: {} },
    };
    const { log } = await run([create], turn, [item]);
    expect(log).toEqual(['inventory kiosk-web-1--next', 'begin web', 'end web']);
  });

  it('lets pulls, which wait for their turn by themselves, hold up nothing else, and what only waits neither', async () => {
    const pull = (name: string): Step => ({ ...start(name), kind: 'pull-image', image: name });
    const pulls = ['p1', 'p2', 'p3', 'p4', 'p5'].map(pull);
    const others = Array.from({ length: 9 }, (_, index) => start(`s${index}`));
    const waits = ['w1', 'w2'].map((name): Step => ({ ...start(name), ...WAIT, container: name }));
    let [underWay, most] = [0, 0];
    const { promise: othersDone, resolve: release } = Promise.withResolvers<void>();
    let left = others.length;
    await run([...pulls, ...waits, ...others], async ({ kind }) => {
      if (kind === 'start-container') {
        await turn();
        if (--left === 0) release();
        return;
      }
      most = Math.max(most, ++underWay);
      await othersDone;
      await turn();
      underWay--;
    });
    expect(most).toBe(pulls.length + waits.length);
  });

  it('tells when all steps of an app have ended, though those of others have not', async () => {
    const of = (app: string, step: Step): Step => ({ ...step, app });
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const ended: string[] = [];
    const steps = [
      of('slow', start('slow')),
      of('slow', start('slower', 'slow')),
      of('bad', start('bad')),
      of('bound', start('bound', 'bad')),
      of('quick', start('quick')),
    ];
    const act = async ({ id }: Step) => {
      if (id === 'slow') await released;
      if (id === 'bad') throw new Error('port is taken');
    };
    const onEnded = (app: string, { failed, skipped }: Applied) => {
      ended.push(`${app} ${failed.length} ${skipped.length}`);
      if (ended.length === 3) release();
    };
    await run(steps, act, [], new AbortController().signal, onEnded);
    expect([...ended.slice(0, 3).sort(), ended[3]]).toEqual(['bad 1 0', 'bound 0 1', 'quick 0 0', 'slow 0 0']);
  });
});
