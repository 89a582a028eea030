import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../agent/loop/agent.ts';
import { createCycle } from '../../../agent/loop/cycle.ts';
import type { Parts } from '../../../agent/loop/parts.ts';
import { createReport } from '../../../agent/loop/report.ts';
import { createVersions } from '../../../agent/loop/versions.ts';
import { createWorks } from '../../../agent/loop/works.ts';
import type { Store } from '../../../agent/store/store.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import type { Desired } from '../../../fleet/model/desired.ts';
import { type AppVersion, NO_ROLLOUT, type Rollout } from '../../../fleet/model/rollout.ts';
import { declaredVersions } from '../../../fleet/rollout/effective.ts';
import { askOf } from '../../fleet/policy/support.ts';
import { kiosk, serviceOf } from '../../fleet/reconcile/support/desired.ts';
import { noSecrets } from '../../support/no-secrets.ts';
import { partsWith } from './support/parts.ts';

const ACCEPTED = kiosk([serviceOf('web')]);

function agentWith(given: Parameters<typeof partsWith>[0]) {
  const { parts, statuses, looks } = partsWith(given);
  return { agent: createAgent(parts), statuses, looks };
}

async function soon(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The cycle of an agent to which `ACCEPTED` is declared. */
function cycleOf(parts: Parts) {
  const declared = { desired: () => ACCEPTED, gitRevision: () => null, failures: () => [], asks: () => [] };
  const unasked = { retryAfterMs: () => null, refresh: async () => undefined, takeIn: async () => undefined };
  const works = createWorks(() => undefined);
  return createCycle(parts, { ...declared, ...unasked }, createVersions(parts), createReport(parts), works);
}

function accepted(desired: Desired): Partial<Store> {
  return { accepted: () => desired };
}

describe('the agent', () => {
  it('defends what was accepted while Git does not answer', async () => {
    const stop = new AbortController();
    const { agent, looks } = agentWith({ store: accepted({ ...ACCEPTED, suspend: true }) });
    const running = agent.run(stop.signal);
    await soon(() => looks.length > 0);
    stop.abort();
    await running;
  });

  it('goes on when nothing can be stored', async () => {
    const stop = new AbortController();
    const full = () => {
      throw new HoldfastError('DiskPressure', 'the disk is full');
    };
    const store = { ...accepted({ ...ACCEPTED, suspend: true }), putStatus: full, replaceDriftSince: full };
    const { agent, looks, statuses } = agentWith({ store });
    const running = agent.run(stop.signal);
    await soon(() => looks.length > 1);
    expect(statuses.length).toBeGreaterThan(1);
    stop.abort();
    await running;
  });

  it('says why when the Engine is away, and tries again', async () => {
    const stop = new AbortController();
    let calls = 0;
    const observe = async () => {
      calls++;
      throw new HoldfastError('DockerUnavailable', 'no Engine answers');
    };
    const { agent, statuses } = agentWith({ store: accepted(ACCEPTED), engine: { observe } });
    const running = agent.run(stop.signal);
    await soon(() => calls > 1);
    expect(statuses.at(-1)?.conditions.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'DockerUnavailable',
    });
    expect(statuses.at(-1)?.sync).toBe('Unknown');
    stop.abort();
    await running;
  });

  it('starts nothing of an app that the policy does not allow any more, and says so', async () => {
    const stop = new AbortController();
    const asks = () => [askOf({ kind: 'privileged' })];
    const { agent, statuses } = agentWith({ store: { ...accepted(ACCEPTED), asks } });
    const running = agent.run(stop.signal);
    await soon(() => statuses.length > 0);
    expect(statuses.at(-1)?.conditions.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Ready PolicyDenied',
      'Stalled PolicyDenied',
    ]);
    expect(statuses.at(-1)?.conditions[0]?.message).toMatch(/^app:kiosk: left as it is: .*privileged/);
    stop.abort();
    await running;
  });

  it('says nothing went wrong when a newer commit ends the look for what pulls will transfer', async () => {
    const newer = new AbortController();
    const measure: Parts['images']['measure'] = async (_plan, _engine, signal) => {
      newer.abort();
      signal.throwIfAborted();
      throw new Error('it was not ended');
    };
    const { parts } = partsWith({ store: accepted(ACCEPTED) });
    const cycle = cycleOf({ ...parts, images: { ...parts.images, measure } });
    const outcome = await cycle.run(new AbortController().signal, newer.signal);
    expect(outcome).toMatchObject({ failed: false, retry: false });
  });

  it('knows from its start what came out of secrets, of every version that it may have to name', () => {
    const known: string[] = [];
    const secrets = { ...noSecrets, learn: (values: readonly string[]) => void known.push(...values) };
    const version = (secret: string) =>
      ({ ...declaredVersions(ACCEPTED, [])[0], secretValues: [secret] }) as AppVersion;
    const record: Rollout = { ...NO_ROLLOUT, goods: [version('good')], begun: [version('begun')] };
    const store = { ...accepted({ ...ACCEPTED, secretValues: ['declared'] }), rollout: () => record };
    agentWith({ store, parts: { secrets } });
    expect(known.sort()).toEqual(['begun', 'declared', 'good']);
  });

  it('collects content when it starts, and not again while no version comes or goes', async () => {
    const { parts } = partsWith({ store: accepted(ACCEPTED) });
    let collected = 0;
    const content = { ...parts.content, collect: async () => ++collected };
    const cycle = cycleOf({ ...parts, content });
    for (let runs = 0; runs < 2; runs++) await cycle.run(new AbortController().signal);
    expect(collected).toBe(1);
  });

  it('ends as a whole when one of its loops breaks, so that it is started again', async () => {
    const { agent } = agentWith({ engine: { watch: async () => Promise.reject(new Error('broken')) } });
    await expect(agent.run(new AbortController().signal)).rejects.toThrow('broken');
  });
});
