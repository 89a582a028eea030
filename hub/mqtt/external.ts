// The hub as a client of an external broker. A message is acknowledged to the broker only after it is on disk; what
// could not be written stays unacknowledged, and a new connection asks for it again.

import { readFile } from 'node:fs/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import type { HubState } from '../../fleet/wire/messages.ts';
import { hubTopic, reportFilters } from '../../fleet/wire/topics.ts';
import type { HubConfig } from '../config.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { type Link, PUBLISH_DEADLINE_MS } from '../link.ts';
import type { Log } from '../log.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const STOP_DEADLINE_MS = 1_000;

export interface ExternalInput {
  readonly config: HubConfig & { readonly broker: NonNullable<HubConfig['broker']> };
  readonly ingest: Pick<Ingest, 'offer'>;
  readonly log: Log;
  readonly now: () => number;
  /** 0 ≤ x < 1, for the jitter of reconnects. */
  readonly random: () => number;
}

export function createExternalLink(input: ExternalInput): Link {
  const { config, ingest, log, random } = input;
  let client: MqttClient | null = null;
  let timer: NodeJS.Timeout | null = null;
  let failures = 0;
  let stopped = false;

  function again(): void {
    if (stopped || timer !== null) return;
    const delay = random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures++, 10));
    timer = setTimeout(() => {
      timer = null;
      client?.reconnect();
    }, delay);
  }

  return {
    async start(onUp) {
      const connection = mqtt.connect(config.broker.url, await optionsOf(input));
      client = connection;
      connection.handleMessage = (packet, callback) => {
        const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
        ingest.offer(packet.topic, payload, packet.retain).then(
          () => callback(),
          (error: unknown) => {
            log.warn({ error: messageOf(error) }, 'message not written; reconnecting for it');
            callback(error instanceof Error ? error : new Error(messageOf(error)));
            connection.stream.destroy();
          },
        );
      };
      connection.on('connect', () => {
        failures = 0;
        log.info({ broker: config.broker.url }, 'connected to the broker');
        onUp();
        connection.subscribe([...reportFilters(config.fleet)], { qos: 1 }, (error, granted) => {
          const refused = error !== null || granted?.some(({ qos }) => qos > 2) === true;
          if (refused)
            log.error(
              { broker: config.broker.url },
              'the broker refuses the subscription; allow this user to read holdfast/v1/#',
            );
        });
      });
      connection.on('error', (error) =>
        log.warn({ broker: config.broker.url, error: error.message }, 'broker connection failed'),
      );
      connection.on('close', again);
      return { url: null };
    },
    async publish(topic, payload, { retain }) {
      if (client === null || !client.connected) throw new Error('not connected to the broker');
      const late = AbortSignal.timeout(PUBLISH_DEADLINE_MS);
      const deadline = new Promise<never>((_, reject) => {
        late.addEventListener('abort', () => reject(new Error('the broker did not answer in time')), { once: true });
      });
      await Promise.race([client.publishAsync(topic, payload, { qos: 1, retain }), deadline]);
    },
    ready: () => client?.connected === true,
    clients: () => null,
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      const ending = client;
      if (ending === null) return;
      await Promise.race([
        new Promise<void>((resolve) => ending.end(false, {}, () => resolve())),
        new Promise<void>((resolve) => setTimeout(resolve, STOP_DEADLINE_MS).unref()),
      ]);
      ending.end(true);
    },
  };
}

async function optionsOf({ config, now }: ExternalInput): Promise<IClientOptions> {
  const { broker, id, fleet } = config;
  const password = (await read(config, 'password_file'))?.toString('utf8').trim();
  const tls = {
    ca: await read(config, 'ca_file'),
    cert: await read(config, 'cert_file'),
    key: await read(config, 'key_file'),
  };
  const will: HubState = { schema: 1, hub: id, online: false, ts: new Date(now()).toISOString() };
  return {
    // 3.1.1 marks retained messages only when a subscription replays them, which is what ingest needs to know.
    protocolVersion: 4,
    clientId: `holdfast-hub-${id}`,
    // The broker keeps what devices say while this hub is away.
    clean: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    will: { topic: hubTopic(fleet ?? 'default', id), payload: Buffer.from(JSON.stringify(will)), qos: 1, retain: true },
    ...(broker.username === undefined ? {} : { username: broker.username }),
    ...(password === undefined ? {} : { password }),
    ...Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)),
  };
}

type FileKey = 'password_file' | 'ca_file' | 'cert_file' | 'key_file';

async function read({ broker }: ExternalInput['config'], key: FileKey): Promise<Buffer | undefined> {
  const path = broker[key];
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    const why = `broker.${key}: cannot read ${path}: ${messageOf(error)}; give a file that this user may read`;
    throw new HoldfastError('ConfigInvalid', why, { cause: error });
  }
}
