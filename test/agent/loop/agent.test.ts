import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../agent/docker/engine.ts';
import { createAgent } from '../../../agent/loop/agent.ts';
import type { Parts } from '../../../agent/loop/parts.ts';
import { createJudge } from '../../../agent/policy/judge.ts';
import type { Store } from '../../../agent/store/store.ts';
import { agentConfigSchema } from '../../../fleet/config/agent.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Status } from '../../../fleet/wire/messages.ts';
import { askOf } from '../../fleet/policy/support.ts';
import { kiosk, PATHS, serviceOf } from '../../fleet/reconcile/support/desired.ts';
import { noSecrets } from '../../support/no-secrets.ts';

const ACCEPTED = kiosk([serviceOf('web')]);
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

/** An agent whose every part is harmless, but for what a test gives. */
function agentWith(given: {
  readonly store?: Partial<Store>;
  readonly source?: Partial<Parts['source']>;
  readonly engine?: Partial<Engine>;
  readonly policy?: object;
}) {
  const statuses: Pick<Status, 'conditions' | 'sync'>[] = [];
  const looks: number[] = [];
  const store: Store = {
    identity: { instance: 'i', boot: 1 },
    salt: '',
    inventory: () => [],
    putInventory: () => undefined,
    removeInventory: () => undefined,
    snapshot: () => null,
    putSnapshot: () => undefined,
    applied: () => null,
    putApplied: () => undefined,
    signer: () => null,
    asks: () => [],
    putAccepted: () => undefined,
    verifiedImages: () => [],
    putVerifiedImages: () => undefined,
    driftSince: () => [],
    replaceDriftSince: () => undefined,
    status: () => null,
    putStatus: () => undefined,
    pushOutbox: () => undefined,
    peekOutbox: () => [],
    ackOutbox: () => undefined,
    droppedFromOutbox: () => 0,
    close: () => undefined,
    ...given.store,
  };
  const engine = {
    observe: async () => {
      looks.push(performance.now());
      return {
        engine: { version: '1', apiVersion: '1.41', os: 'linux', arch: 'x64' },
        containers: [],
        networks: [],
        volumes: [],
        images: new Map(),
      };
    },
    watch: async (_event: unknown, _gap: unknown, signal: AbortSignal) => untilAborted(signal),
    steps: {},
    ...given.engine,
  } as unknown as Engine;
  const config = agentConfigSchema.parse({
    device: 'edge-01',
    source: { url: 'https://git.example.com/fleet.git', interval: '1s' },
    policy: given.policy ?? {},
  });
  const agent = createAgent({
    config,
    paths: PATHS,
    secrets: noSecrets,
    source: {
      poll: untilRejected,
      lineage: untilRejected,
      load: untilRejected,
      readBlob: async () => new Uint8Array(),
      retain: async () => undefined,
      way: () => null,
      bundle: () => {
        throw new Error('no bundle was handed in');
      },
      close: () => undefined,
      ...given.source,
    },
    inbox: {
      bundle: async () => null,
      remove: async () => undefined,
      accepted: async () => null,
      clearAccepted: async () => undefined,
      watch: async (_change, signal) => untilAborted(signal),
    },
    verifier: null,
    judge: createJudge(config, null),
    engine,
    content: {
      look: async () => new Map(),
      write: async () => undefined,
      makeDataFolder: async () => undefined,
      collect: async () => 0,
    },
    store,
    reporter: {
      status: (status) => statuses.push(status),
      event: () => undefined,
      connected: () => false,
      idle: () => true,
      run: (_hint, signal) => untilAborted(signal),
    },
    hostFacts: async () => null,
    clockSynced: async () => true,
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    random: () => 0.5,
    version: '0',
    log: () => undefined,
  });
  return { agent, statuses, looks };
}

/** A server that takes the question and never answers. */
function untilRejected(...args: readonly unknown[]): Promise<never> {
  const signal = args.at(-1) as AbortSignal;
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

async function soon(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function accepted(desired: Desired): Partial<Store> {
  return { snapshot: (name) => (name === 'accepted' ? desired : null) };
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

  it('ends as a whole when one of its loops breaks, so that it is started again', async () => {
    const { agent } = agentWith({ engine: { watch: async () => Promise.reject(new Error('broken')) } });
    await expect(agent.run(new AbortController().signal)).rejects.toThrow('broken');
  });
});
