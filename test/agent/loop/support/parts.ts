// Parts of an agent that do nothing: a test gives those that matter to it.
import type { Engine } from '../../../../agent/docker/engine.ts';
import type { Parts } from '../../../../agent/loop/parts.ts';
import type { NewEvent } from '../../../../agent/mqtt/reporter.ts';
import { createJudge } from '../../../../agent/policy/judge.ts';
import type { Store } from '../../../../agent/store/store.ts';
import { agentConfigSchema } from '../../../../fleet/config/agent.ts';
import { NO_ROLLOUT } from '../../../../fleet/model/rollout.ts';
import type { StatusBody } from '../../../../fleet/status.ts';
import { PATHS } from '../../../fleet/reconcile/support/desired.ts';
import { noSecrets } from '../../../support/no-secrets.ts';

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

/** Every part of an agent, harmless but for what a test gives. */
export function partsWith(given: {
  readonly store?: Partial<Store>;
  readonly source?: Partial<Parts['source']>;
  readonly engine?: Partial<Engine>;
  readonly images?: Partial<Parts['images']>;
  readonly policy?: object;
  readonly parts?: Partial<Parts>;
}) {
  const statuses: StatusBody[] = [];
  const events: NewEvent[] = [];
  const looks: number[] = [];
  const store: Store = {
    identity: { instance: 'i', boot: 1 },
    salt: '',
    inventory: () => [],
    putInventory: () => undefined,
    removeInventory: () => undefined,
    accepted: () => null,
    rollout: () => NO_ROLLOUT,
    putRollout: () => undefined,
    applied: () => null,
    putApplied: () => undefined,
    signer: () => null,
    asks: () => [],
    putAccepted: () => undefined,
    verifiedImages: () => [],
    putVerifiedImages: () => undefined,
    broughtImages: () => [],
    putBroughtImages: () => undefined,
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
    pastEvents: async () => [],
    inside: async () => null,
    watch: async (_watch: unknown, signal: AbortSignal) => untilAborted(signal),
    steps: {},
    ...given.engine,
  } as unknown as Engine;
  const config = agentConfigSchema.parse({
    device: 'edge-01',
    source: { url: 'https://git.example.com/fleet.git', interval: '1s' },
    policy: given.policy ?? {},
  });
  const parts: Parts = {
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
      retries: async () => [],
      watch: async (_change, signal) => untilAborted(signal),
    },
    verifier: null,
    judge: createJudge(config, null),
    engine,
    images: {
      moved: async () => new Set(),
      measure: async (plan) => plan,
      refuse: async () => null,
      pull: async () => undefined,
      progress: () => null,
      tidy: async () => undefined,
      ...given.images,
    },
    content: {
      look: async () => new Map(),
      writeLive: async () => undefined,
      write: async () => undefined,
      makeDataFolder: async () => undefined,
      collect: async () => 0,
    },
    store,
    reporter: {
      status: (status) => statuses.push(status),
      event: (event) => events.push(event),
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
    ...given.parts,
  };
  return { parts, statuses, events, looks };
}

/** A server that takes the question and never answers. */
function untilRejected(...args: readonly unknown[]): Promise<never> {
  const signal = args.at(-1) as AbortSignal;
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
