// One connection to a broker that is kept up: backoff with full jitter, MQTT 5 with 3.1.1 behind it. Messages flow while
// earlier ones are still being written, and each is acknowledged to the broker only after it was taken; what could not
// be taken stays unacknowledged, and the next connection brings it again.
import mqtt, { type IClientOptions, type IConnackPacket, type MqttClient, type Packet } from 'mqtt';
import { messageOf } from '../../fleet/error.ts';
import type { Log } from '../log.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const STOP_DEADLINE_MS = 1_000;
/** Messages that were received and are not written yet. The broker sends no more than this ahead. */
export const IN_FLIGHT_MAX = 2_000;

/** CONNACK of a broker that does not speak this version: 3.1.1 and 5. */
const WRONG_VERSION: ReadonlySet<unknown> = new Set([1, 132]);
/** DISCONNECT: another client took this one's id. */
const TAKEN_OVER = 142;

export interface ConnectionInput {
  readonly url: string;
  readonly options: IClientOptions;
  /** Settles when the message is safe or not wanted; rejects when it has to come again. */
  readonly take: (topic: string, payload: Buffer, retained: boolean) => Promise<unknown>;
  /** Each time that a connection stands. `fresh`: the broker has kept nothing for it. */
  readonly onUp: (up: { readonly client: MqttClient; readonly version: 4 | 5; readonly fresh: boolean }) => void;
  /** Another client came with this one's id. Absent: connect again. */
  readonly onTakenOver?: () => void;
  readonly log: Log;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
}

export interface Connection {
  /** null: not connected. */
  client(): MqttClient | null;
  /** @param forget the broker keeps no session either */
  stop(forget?: boolean): Promise<void>;
}

export function keepConnected(input: ConnectionInput): Connection {
  const { url, log, random } = input;
  let current: MqttClient | null = null;
  let timer: NodeJS.Timeout | null = null;
  let version: 4 | 5 = 5;
  let failures = 0;
  let stopped = false;

  function again(): void {
    if (stopped || timer !== null) return;
    const delay = random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures++, 10));
    timer = setTimeout(() => {
      timer = null;
      open();
    }, delay);
  }

  function open(): void {
    const client = mqtt.connect(url, { ...input.options, ...FIXED, ...versioned(input.options, version) });
    current = client;
    let takenOver = false;
    // A connection proves itself by a message that was written: while the store is down, each next one comes later.
    receive(client, input, () => {
      failures = 0;
    });
    let upAt = Number.POSITIVE_INFINITY;
    client.on('connect', (connack: IConnackPacket) => {
      upAt = performance.now();
      log.info({ broker: url, protocol: version }, 'connected to the broker');
      input.onUp({ client, version, fresh: !connack.sessionPresent });
    });
    client.on('disconnect', ({ reasonCode }) => {
      takenOver = reasonCode === TAKEN_OVER;
    });
    client.on('error', (error) => {
      const code = 'code' in error ? error.code : undefined;
      if (version === 5 && WRONG_VERSION.has(code)) {
        version = 4;
        failures = 0;
      } else log.warn({ broker: url, error: error.message }, 'broker connection failed');
    });
    client.on('close', () => {
      if (current !== client || stopped) return;
      client.end(true);
      if (performance.now() - upAt > BACKOFF_MAX_MS) failures = 0;
      if (takenOver && input.onTakenOver !== undefined) input.onTakenOver();
      else again();
    });
  }

  open();
  return {
    client: () => (current?.connected === true ? current : null),
    async stop(forget = false) {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      if (current === null) return;
      await endClient(current, forget);
    },
  };
}

const FIXED = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  reconnectPeriod: 0,
  queueQoSZero: false,
  resubscribe: false,
} as const;

function versioned({ properties }: IClientOptions, version: 4 | 5): IClientOptions {
  if (version === 4) return { protocolVersion: 4, properties: {} };
  return { protocolVersion: 5, properties: { receiveMaximum: IN_FLIGHT_MAX, ...properties } };
}

async function endClient(client: MqttClient, forget: boolean): Promise<void> {
  const properties = forget ? { reasonCode: 0, properties: { sessionExpiryInterval: 0 } } : {};
  await Promise.race([
    new Promise<void>((resolve) => client.end(false, properties, () => resolve())),
    new Promise<void>((resolve) => setTimeout(resolve, STOP_DEADLINE_MS).unref()),
  ]);
  client.end(true);
}

/**
 * The library hands over one message after the other, each after the one before was acknowledged. So that many can be
 * written together, it is told that nothing needs acknowledging, and PUBACKs are sent from here.
 */
function receive(client: MqttClient, { take, log }: ConnectionInput, onTaken: () => void): void {
  const waiting = new WeakMap<Packet, number>();
  const puback = createPuback(client);
  let inFlight = 0;
  let resume: (() => void) | null = null;
  client.on('packetreceive', (packet) => {
    if (packet.cmd !== 'publish' || packet.qos !== 1 || packet.messageId === undefined) return;
    waiting.set(packet, packet.messageId);
    packet.qos = 0;
  });
  client.handleMessage = (packet, next) => {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const id = waiting.get(packet);
    const { stream } = client;
    const settled = () => {
      inFlight--;
      resume?.();
      resume = null;
    };
    inFlight++;
    take(packet.topic, payload, packet.retain).then(
      () => {
        if (id !== undefined && client.stream === stream) puback(id);
        onTaken();
        settled();
      },
      (error: unknown) => {
        // Said once: the others of its batch fail with it.
        if (!stream.destroyed) log.warn({ error: messageOf(error) }, 'message not written; reconnecting for it');
        stream.destroy();
        settled();
      },
    );
    if (inFlight < IN_FLIGHT_MAX) next();
    else resume = () => next();
  };
}

/** PUBACK without a reason code is the same four bytes in MQTT 3.1.1 and 5. Those of one batch leave in one write. */
function createPuback(client: MqttClient): (id: number) => void {
  let ids: number[] = [];
  return (id) => {
    ids.push(id);
    if (ids.length > 1) return;
    setImmediate(() => {
      const bytes = Buffer.alloc(ids.length * 4);
      for (const [index, one] of ids.entries()) bytes.writeUInt32BE(0x4002_0000 + one, index * 4);
      ids = [];
      if (client.connected) client.stream.write(bytes);
    });
  };
}
