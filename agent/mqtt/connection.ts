// One MQTT connection from its attempt to its end. mqtt.js lives here alone, with its own reconnecting and queueing
// off: a publish goes out now or fails, and every wait has an end.
import { type IClientOptions, type MqttClient, connect as openClient } from 'mqtt';
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { messageOf } from '../../fleet/error.ts';
import { networkProblem } from '../host/network-error.ts';
import { readPem, readSecret } from '../host/secret.ts';

export type MqttConfig = NonNullable<AgentConfig['mqtt']>;
export type ProtocolVersion = 5 | 4;

const CONNECT_TIMEOUT_MS = 20_000;
const PUBACK_TIMEOUT_MS = 30_000;
/** Nothing that a device listens to is larger. MQTT 5 brokers keep to it. */
const MAX_PACKET_BYTES = 64 * 1024;
/** CONNACK codes for "not this protocol version": MQTT 3.1.1 and MQTT 5. */
const VERSION_REFUSED: readonly number[] = [1, 132];

export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

export interface Connection {
  readonly version: ProtocolVersion;
  /** Resolves with the broker's acknowledgement (QoS 1). Throws `PublishRefused`, or another error when the link is lost. */
  publish(message: Message): Promise<void>;
  subscribe(topic: string): Promise<void>;
  isOpen(): boolean;
  /** Says goodbye if that is possible within `timeoutMs`, then cuts. */
  end(timeoutMs: number): Promise<void>;
}

/** The broker answered, and the answer is no. Trying again on this connection changes nothing. */
export class PublishRefused extends Error {}

export type Attempt =
  | { readonly kind: 'connected'; readonly connection: Connection }
  /** `version`: the broker does not speak this protocol version; `dropped`: it hung up without a word. */
  | { readonly kind: 'failed'; readonly cause: 'version' | 'dropped' | 'other'; readonly message: string };

export interface ConnectOptions {
  readonly config: MqttConfig;
  readonly version: ProtocolVersion;
  readonly clientId: string;
  readonly will: Message;
  readonly keepaliveS: number;
  readonly onMessage: (topic: string, payload: Uint8Array, retained: boolean) => void;
  /** Called once, when a connection that was made is over. */
  readonly onClose: (why: string) => void;
}

/** Never rejects; an abort ends the attempt as failed. */
export async function connectBroker(options: ConnectOptions, signal: AbortSignal): Promise<Attempt> {
  let client: MqttClient;
  try {
    client = openClient(options.config.url, await clientOptions(options));
  } catch (error) {
    return { kind: 'failed', cause: 'other', message: messageOf(error) };
  }
  return await new Promise((resolve) => {
    let why = '';
    let settled = false;
    const timer = setTimeout(() => {
      why = `it did not answer within ${CONNECT_TIMEOUT_MS / 1000} s`;
      client.end(true);
    }, CONNECT_TIMEOUT_MS);
    const stop = (): void => void client.end(true);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    client.on('error', (error) => {
      why = problemOf(error);
      if (isVersionRefusal(error)) settle({ kind: 'failed', cause: 'version', message: why });
    });
    client.on('disconnect', (packet) => {
      why = `the broker ended the connection (code ${packet.reasonCode ?? 0})`;
    });
    client.once('connect', () => {
      const connection = wrap(client, options, () => why);
      settle({ kind: 'connected', connection });
    });
    client.once('close', () => {
      if (why === '') settle({ kind: 'failed', cause: 'dropped', message: 'the broker hung up without an answer' });
      else settle({ kind: 'failed', cause: 'other', message: why });
    });
    client.on('message', (topic, payload, packet) => options.onMessage(topic, payload, packet.retain));

    function settle(attempt: Attempt): void {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      if (attempt.kind === 'failed') client.end(true);
      resolve(attempt);
    }
  });
}

function wrap(client: MqttClient, options: ConnectOptions, why: () => string): Connection {
  const waiting = new Set<(error: Error) => void>();
  let open = true;
  client.once('close', () => {
    open = false;
    const reason = why() === '' ? 'the connection was cut' : why();
    for (const reject of waiting) reject(new Error(reason));
    waiting.clear();
    client.end(true);
    options.onClose(reason);
  });
  return {
    version: options.version,
    isOpen: () => open,
    publish: ({ topic, payload, retain }) =>
      acknowledged((done) => client.publish(topic, payload, { qos: 1, retain }, done)),
    subscribe: (topic) => acknowledged((done) => client.subscribe(topic, { qos: 1 }, done)),
    async end(timeoutMs) {
      const timer = setTimeout(() => client.stream.destroy(), timeoutMs);
      const over = new Promise<void>((resolve) => {
        if (open) client.once('close', () => resolve());
        else resolve();
      });
      client.end(false, {});
      await over;
      clearTimeout(timer);
    },
  };

  /** One packet and its acknowledgement; a link that stays silent is given up. */
  function acknowledged(send: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (!open) return Promise.reject(new Error('the connection is closed'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => client.stream.destroy(), PUBACK_TIMEOUT_MS);
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        waiting.delete(lost);
        finish();
      };
      const lost = (error: Error): void => settle(() => reject(error));
      waiting.add(lost);
      send((error) => {
        if (error === undefined || error === null) settle(resolve);
        else settle(() => reject('code' in error ? new PublishRefused(error.message) : error));
      });
    });
  }
}

async function clientOptions(options: ConnectOptions): Promise<IClientOptions> {
  const { config, will, version } = options;
  return {
    protocolVersion: version,
    clientId: options.clientId,
    clean: true,
    keepalive: options.keepaliveS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    rejectUnauthorized: true,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: will.retain },
    ...(version === 5 ? { properties: { maximumPacketSize: MAX_PACKET_BYTES } } : {}),
    ...(config.username === undefined ? {} : { username: config.username }),
    ...(config.password_file === undefined
      ? {}
      : { password: await readSecret('mqtt.password_file', config.password_file) }),
    ...(config.ca_file === undefined ? {} : { ca: await readPem('mqtt.ca_file', config.ca_file) }),
    ...(config.cert_file === undefined ? {} : { cert: await readPem('mqtt.cert_file', config.cert_file) }),
    ...(config.key_file === undefined ? {} : { key: await readPem('mqtt.key_file', config.key_file) }),
  };
}

function isVersionRefusal(error: Error): boolean {
  return 'code' in error && typeof error.code === 'number' && VERSION_REFUSED.includes(error.code);
}

function problemOf(error: Error): string {
  return 'code' in error && typeof error.code === 'number' ? error.message : networkProblem(error);
}
