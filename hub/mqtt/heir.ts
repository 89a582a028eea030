// Looks after what a hub that died leaves behind. The broker keeps a session for every hub and goes on to put its share
// of the messages there; another hub takes that session over, ends its share, writes what lies in it and closes it. One
// hub at a time, by a lease; the dead hub that comes back takes its id again and simply begins anew.
import type { IClientOptions } from 'mqtt';
import { messageOf } from '../../fleet/error.ts';
import type { Log } from '../log.ts';
import { keepConnected } from './connection.ts';

/** A hub that restarts is back within this time, and serves its own session. */
const PATIENCE_MS = 4_000;
const LEASE_MS = 60_000;
/** After this much silence the session is empty. */
const QUIET_MS = 3_000;
/** One session is not drained for longer; then it is looked at again. */
const DRAIN_MAX_MS = 50_000;
/** Hubs that are remembered; ids beyond it are somebody making them up. */
const PEERS_MAX = 256;

export interface HeirInput {
  readonly url: string;
  /** Of this hub's own connection; the id is replaced. */
  readonly options: IClientOptions;
  readonly clientId: (hub: string) => string;
  readonly filters: readonly string[];
  readonly self: string;
  readonly lease: (name: string, durationMs: number) => Promise<boolean>;
  readonly take: (topic: string, payload: Buffer, retained: boolean) => Promise<unknown>;
  /** What the dead hub's session may have lost lies with the broker, retained. */
  readonly onInherited: () => void;
  readonly log: Log;
  readonly random: () => number;
}

export interface Heir {
  /** Another hub says that it is there, or its will that it is not. */
  peer(hub: string, online: boolean): void;
  stop(): Promise<void>;
}

export function createHeir(input: HeirInput): Heir {
  const { self, log, random } = input;
  const absent = new Map<string, NodeJS.Timeout>();
  const draining = new Map<string, AbortController>();
  let stopped = false;

  function later(hub: string, delayMs: number): void {
    if (stopped || absent.size >= PEERS_MAX) return;
    clearTimeout(absent.get(hub));
    absent.set(
      hub,
      setTimeout(() => void inherit(hub), delayMs * (1 + random() / 2)),
    );
  }

  async function inherit(hub: string): Promise<void> {
    try {
      const mine = await input.lease(`session of hub ${hub}`, LEASE_MS);
      if (!absent.has(hub) || stopped) return;
      if (!mine) return later(hub, LEASE_MS);
      const ending = new AbortController();
      draining.set(hub, ending);
      const count = await drain(input, hub, AbortSignal.any([ending.signal, AbortSignal.timeout(DRAIN_MAX_MS)]));
      input.onInherited();
      log.info({ hub, messages: count }, 'took over what a hub that is gone had not written');
    } catch (error) {
      log.warn({ hub, error: messageOf(error) }, 'cannot take over from a hub that is gone; trying again');
      later(hub, LEASE_MS);
    } finally {
      draining.delete(hub);
    }
  }

  return {
    peer(hub, online) {
      if (hub === self) return;
      if (!online) {
        later(hub, PATIENCE_MS);
        return;
      }
      clearTimeout(absent.get(hub));
      absent.delete(hub);
      draining.get(hub)?.abort();
    },
    async stop() {
      stopped = true;
      for (const timer of absent.values()) clearTimeout(timer);
      for (const ending of draining.values()) ending.abort();
    },
  };
}

/** Settles with the number of messages once the session is empty and closed, or with `signal`. */
async function drain(input: HeirInput, hub: string, signal: AbortSignal): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  let writing = 0;
  let quiet: NodeJS.Timeout | null = null;
  const wait = () => {
    if (quiet !== null) clearTimeout(quiet);
    quiet = setTimeout(() => (writing === 0 ? resolve() : wait()), QUIET_MS);
  };
  const { will: _, ...options } = input.options;
  const connection = keepConnected({
    ...input,
    options: { ...options, clientId: input.clientId(hub), clean: false },
    async take(topic, payload, retained) {
      wait();
      writing++;
      await input.take(topic, payload, retained).finally(() => {
        writing--;
      });
      count++;
    },
    onUp: ({ client }) => {
      client.unsubscribe([...input.filters], () => undefined);
      wait();
    },
    // It is back: the session is its own again.
    onTakenOver: resolve,
  });
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  if (quiet !== null) clearTimeout(quiet);
  await connection.stop(!signal.aborted);
  return count;
}
