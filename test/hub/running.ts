// A hub on free loopback ports with a throw-away store, and devices that speak MQTT to it. Closes everything it opened.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { agentClientId, deviceTopic } from '../../fleet/wire/topics.ts';
import { readHubConfig } from '../../hub/config.ts';
import { createHub, type Hub } from '../../hub/hub.ts';
import type { Log } from '../../hub/log.ts';
import { event, presence, status } from './sample.ts';

export const FLEET = 'acme';

export interface Running {
  readonly hub: Hub;
  readonly http: string;
  readonly mqtt: string;
  readonly db: string;
  readonly get: (path: string) => Promise<{ status: number; body: unknown; headers: Headers }>;
  /** A client that the hub takes for this device. */
  readonly device: (id: string, options?: IClientOptions) => Promise<Device>;
  readonly client: (options: IClientOptions) => Promise<MqttClient>;
  readonly stop: () => Promise<void>;
}

export interface Device {
  readonly client: MqttClient;
  presence(changes?: Parameters<typeof presence>[0]): Promise<void>;
  status(changes?: Parameters<typeof status>[0]): Promise<void>;
  event(changes?: Parameters<typeof event>[0]): Promise<void>;
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

export async function startHub(config = '', webDir = '/nonexistent'): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-hub-'));
  const db = join(folder, 'hub.db');
  const flags = [
    { path: ['http', 'port'], value: 0 },
    { path: ['mqtt', 'port'], value: 0 },
    { path: ['store', 'path'], value: db },
  ];
  const hub = createHub({
    config: readHubConfig({ file: { name: 'hub.yaml', text: config }, env: {}, flags }),
    log: quiet,
    now: Date.now,
    random: Math.random,
    webDir,
  });
  const { httpUrl, mqttUrl } = await hub.start();
  const url = mqttUrl ?? '';
  const clients: MqttClient[] = [];
  const client = async (options: IClientOptions) => {
    const made = await connect(url, options);
    clients.push(made);
    return made;
  };
  return {
    hub,
    http: httpUrl,
    mqtt: url,
    db,
    get: (path) => getJson(`${httpUrl}${path}`),
    client,
    device: async (id, options = {}) => deviceOf(await client({ clientId: agentClientId(FLEET, id), ...options }), id),
    async stop() {
      for (const one of clients) one.end(true);
      await hub.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function connect(url: string, options: IClientOptions): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, ...options }, false);
  // A refusal closes the connection; tests look at what came of it.
  client.on('error', () => undefined);
  return client;
}

export function deviceOf(client: MqttClient, device: string): Device {
  const send = async (leaf: 'presence' | 'status' | 'event', body: object) => {
    await client.publishAsync(deviceTopic(FLEET, device, leaf), JSON.stringify(body), {
      qos: 1,
      retain: leaf !== 'event',
    });
  };
  return {
    client,
    presence: (changes) => send('presence', presence({ device, ...changes })),
    status: (changes) => send('status', status({ device, ...changes })),
    event: (changes) => send('event', event({ device, ...changes })),
  };
}

async function getJson(url: string) {
  const response = await fetch(url);
  const body: unknown = await response.json();
  return { status: response.status, body, headers: response.headers };
}

/** Asks until it is so; fails with the last answer after five seconds. */
export async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + 5_000;
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (performance.now() > end) throw new Error(`still not so: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
