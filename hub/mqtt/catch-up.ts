// What the broker retains of every device, read once over a connection of its own and without a session: shared
// subscriptions get no retained messages, and at QoS 1 a broker's queue limits would cut a large fleet short. Live
// messages that come in between are left to the stream.
import type { IClientOptions } from 'mqtt';
import type { Log } from '../log.ts';
import { keepConnected } from './connection.ts';

/** Retained messages follow the subscription without a pause; after this much silence all are here. */
const QUIET_MS = 2_000;

export interface CatchUpInput {
  readonly url: string;
  readonly options: IClientOptions;
  readonly filters: readonly string[];
  readonly take: (topic: string, payload: Buffer, retained: boolean) => Promise<unknown>;
  readonly log: Log;
  readonly random: () => number;
}

/** Settles with the number of retained messages when all are written, or when `signal` aborts. Begins anew when cut off. */
export async function catchUp(input: CatchUpInput, signal: AbortSignal): Promise<number> {
  const { options, filters, log } = input;
  const { promise, resolve } = Promise.withResolvers<void>();
  const writing = new Set<Promise<unknown>>();
  let quiet: NodeJS.Timeout | null = null;
  let count = 0;
  const wait = () => {
    if (quiet !== null) clearTimeout(quiet);
    quiet = setTimeout(() => (writing.size === 0 ? resolve() : wait()), QUIET_MS);
  };
  const connection = keepConnected({
    ...input,
    options: { ...options, clean: true, properties: { sessionExpiryInterval: 0 } },
    async take(topic, payload, retained) {
      if (!retained) return;
      count++;
      wait();
      const written = input.take(topic, payload, true);
      writing.add(written);
      await written.finally(() => writing.delete(written));
    },
    onUp: ({ client }) => {
      count = 0;
      client.subscribe([...filters], { qos: 0 }, (error) => {
        if (error === null) wait();
        else log.warn({ error: error.message }, 'the broker refuses to show what it retains');
      });
    },
  });
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
  if (quiet !== null) clearTimeout(quiet);
  await connection.stop();
  return count;
}
