// One MQTT connection that outlives its breaks: messages go out in order, and what was not acknowledged goes out again
// after the next connect, as an agent does it. Owns backoff; every wait ends.
import { type IClientOptions, type MqttClient, connect as openClient } from 'mqtt';
import { backoffMs } from '../../agent/backoff.ts';
import type { Message } from './step.ts';

const CONNECT_TIMEOUT_MS = 20_000;
/** As agents do it, unless a test is in more of a hurry. */
const RECONNECT = { firstMs: 500, capMs: 30_000 };
const END_MS = 2_000;
/** CONNACK codes for "not this protocol version": MQTT 3.1.1 and MQTT 5. */
const VERSION_REFUSED: readonly unknown[] = [1, 132];

/** What all links of one broker share. */
export interface Broker {
  readonly url: string;
  /** Begins with 5; the first that is refused sets it to 4 for all. */
  version: 4 | 5;
  readonly options: (clientId: string) => IClientOptions;
  /** Waits for its turn to connect; call what it gives when done. */
  readonly turn: () => Promise<() => void>;
  readonly random: () => number;
  readonly reconnectMs?: number | undefined;
  readonly count: { connects: number; lost: number; refused: number };
}

export interface LinkInput {
  readonly broker: Broker;
  readonly clientId: string;
  /** Made anew for each connect; null: this link stands for no device of its own. */
  readonly will: (() => Message) | null;
  /** Goes out before everything else after each connect but the first. */
  readonly birth: (() => Message) | null;
}

export interface Link {
  open(): void;
  /** Resolves with the broker's acknowledgement; false: the broker refused it. Goes out when there is a connection. */
  publish(message: Message): Promise<boolean>;
  /** Breaks the connection without a word, and stays away until it is opened again. False: there was none. */
  cut(): boolean;
  /** Says goodbye, and stays away until it is opened again. */
  leave(): Promise<void>;
}

interface Waiting {
  readonly message: Message;
  readonly settle: (taken: boolean) => void;
}

export function createLink({ broker, clientId, will, birth }: LinkInput): Link {
  const waiting = new Map<number, Waiting>();
  let number = 0;
  let wanted = false;
  let attempts = 0;
  let current: MqttClient | null = null;
  let live = false;
  let timer: NodeJS.Timeout | null = null;
  let connectedBefore = false;
  const reconnect = { ...RECONNECT, capMs: broker.reconnectMs ?? RECONNECT.capMs };

  async function attempt(): Promise<void> {
    timer = null;
    const done = await broker.turn();
    if (!wanted || current !== null) return done();
    const client = openClient(broker.url, optionsOf(broker, clientId, will?.()));
    current = client;
    client.on('error', (error) => {
      if (broker.version === 5 && 'code' in error && VERSION_REFUSED.includes(error.code)) broker.version = 4;
    });
    client.once('connect', () => {
      done();
      // It may have been told to leave meanwhile.
      if (client !== current || !wanted) return;
      broker.count.connects++;
      live = true;
      attempts = 0;
      if (connectedBefore && birth !== null) client.publish(...packet(birth()), () => undefined);
      connectedBefore = true;
      for (const [key, { message }] of waiting) send(client, key, message);
    });
    client.once('close', () => {
      done();
      client.end(true);
      if (client === current) lost();
    });
  }

  function lost(): void {
    if (live) broker.count.lost++;
    live = false;
    current = null;
    if (wanted && timer === null)
      timer = setTimeout(() => void attempt(), backoffMs(reconnect, attempts++, broker.random()));
  }

  function send(client: MqttClient, key: number, message: Message): void {
    client.publish(...packet(message), (error) => {
      // A link that broke answers with an error too: what waits goes out again.
      if (client !== current || (error != null && !refusal(error))) return;
      if (error != null) broker.count.refused++;
      waiting.get(key)?.settle(error == null);
      waiting.delete(key);
    });
  }

  return {
    open() {
      if (wanted) return;
      wanted = true;
      connectedBefore = false;
      if (current === null && timer === null) void attempt();
    },
    publish(message) {
      return new Promise((settle) => {
        const key = ++number;
        waiting.set(key, { message, settle });
        if (live && current !== null) send(current, key, message);
      });
    },
    cut() {
      wanted = false;
      const [client, wasLive] = [current, live];
      current = null;
      live = false;
      client?.stream.destroy();
      if (timer !== null) clearTimeout(timer);
      timer = null;
      return wasLive;
    },
    async leave() {
      wanted = false;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      live = false;
      const client = current;
      if (client !== null) await goodbye(client);
    },
  };
}

function optionsOf(broker: Broker, clientId: string, will: Message | undefined): IClientOptions {
  return {
    ...broker.options(clientId),
    ...{ protocolVersion: broker.version, clientId, clean: true, keepalive: 60, reconnectPeriod: 0 },
    ...{ connectTimeout: CONNECT_TIMEOUT_MS, queueQoSZero: false, resubscribe: false },
    ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload), qos: 1 as const } }),
  };
}

/** What is on its way is waited for, for a while. */
async function goodbye(client: MqttClient): Promise<void> {
  const late = setTimeout(() => client.stream.destroy(), END_MS);
  await new Promise<void>((resolve) => {
    client.once('close', () => resolve());
    client.end(false, {});
  });
  clearTimeout(late);
}

/** MQTT 5 answers with a reason; a socket that failed has a code of letters, or none. */
function refusal(error: Error): boolean {
  return 'code' in error && typeof error.code === 'number';
}

function packet({ topic, payload, retain }: Message): [string, string, { qos: 1; retain: boolean }] {
  return [topic, payload, { qos: 1, retain }];
}
