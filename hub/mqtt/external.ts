// The hub as a client of an external broker: its stream of reports, what the broker retains, and what other hubs that
// died left behind. With a store of its own a hub reads everything; hubs that share a store share the stream.

import { readFile } from 'node:fs/promises';
import type { IClientOptions, MqttClient } from 'mqtt';
import { z } from 'zod';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import type { HubState } from '../../fleet/wire/messages.ts';
import { hubStateFilter, hubTopic, parseHubTopic, reportFilters } from '../../fleet/wire/topics.ts';
import type { HubConfig } from '../config.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { type Link, PUBLISH_DEADLINE_MS } from '../link.ts';
import type { Log } from '../log.ts';
import { catchUp } from './catch-up.ts';
import { type Connection, keepConnected } from './connection.ts';
import { createHeir, type Heir } from './heir.ts';

/** How long the broker keeps a session for a hub that is away: seconds. */
const SESSION_EXPIRY_S = 24 * 3600;
/** All hubs of one store are one group. */
const GROUP = '$share/holdfast/';

export interface ExternalInput {
  readonly config: HubConfig & { readonly broker: NonNullable<HubConfig['broker']> };
  readonly ingest: Pick<Ingest, 'offer'>;
  /** Do other hubs write to the same store? null: no. Else: takes a lease that only one of them has. */
  readonly lease: ((name: string, durationMs: number) => Promise<boolean>) | null;
  /** What the broker retains was read: all of it, once. */
  readonly onCaughtUp: () => void;
  readonly log: Log;
  readonly now: () => number;
  /** 0 ≤ x < 1, for the jitter of reconnects. */
  readonly random: () => number;
}

export function createExternalLink(input: ExternalInput): Link {
  const { config, ingest, log, random } = input;
  const { url } = config.broker;
  const stopping = new AbortController();
  const reports = reportFilters(config.fleet);
  const stream = input.lease === null ? reports : reports.map((filter) => GROUP + filter);
  let connection: Connection | null = null;
  let heir: Heir | null = null;
  let catching: Promise<void> | null = null;
  /** The connection whose subscription stands: before that, what is published may not come here. */
  let listening: MqttClient | null = null;

  function takeOne(topic: string, payload: Buffer, retained: boolean): Promise<unknown> {
    const hub = heir === null ? null : parseHubTopic(topic);
    if (hub === null) return ingest.offer(topic, payload, retained);
    heir?.peer(hub, isOnline(payload));
    return Promise.resolve();
  }

  /** Once at a time: what is asked for meanwhile is answered by the one under way, or by the next connection. */
  function readRetained(options: IClientOptions): void {
    catching ??= (async () => {
      const filters = reports.filter((filter) => !filter.endsWith('/event'));
      const clientId = `${options.clientId}-catch-up`;
      const { will: _, ...rest } = options;
      const own = { url, options: { ...rest, clientId }, filters, take: takeOne, log, random };
      const messages = await catchUp(own, stopping.signal);
      log.info({ messages }, 'caught up with what the broker retains');
      input.onCaughtUp();
    })()
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'cannot read what the broker retains'))
      .finally(() => {
        catching = null;
      });
  }

  return {
    async start(onUp) {
      const options = await optionsOf(input);
      const { lease } = input;
      if (lease !== null) {
        const from = { url, options, filters: stream, self: config.id, lease, take: takeOne, log, random };
        heir = createHeir({ ...from, clientId, onInherited: () => readRetained(options) });
      }
      let first = true;
      connection = keepConnected({
        ...{ url, options, take: takeOne, log, random },
        onUp: ({ client, version, fresh }) => {
          subscribe(client, version, stream, input, () => {
            listening = client;
            onUp();
          });
          // A broker that kept this hub's session has kept everything since; else its retained state is what there is.
          if (version === 5 && (first || fresh)) readRetained(options);
          first = false;
        },
      });
      return { url: null };
    },
    async publish(topic, payload, { retain }) {
      const client = connection?.client() ?? null;
      if (client === null) throw new Error('not connected to the broker');
      const late = AbortSignal.timeout(PUBLISH_DEADLINE_MS);
      const deadline = new Promise<never>((_, reject) => {
        late.addEventListener('abort', () => reject(new Error('the broker did not answer in time')), { once: true });
      });
      await Promise.race([client.publishAsync(topic, payload, { qos: 1, retain }), deadline]);
    },
    ready: () => listening !== null && connection?.client() === listening,
    clients: () => null,
    async stop() {
      stopping.abort();
      await Promise.all([heir?.stop(), connection?.stop(), catching]);
    },
  };
}

/** With 3.1.1 the subscription itself brings what is retained; with 5 that is read apart. */
function subscribe(
  client: MqttClient,
  version: 4 | 5,
  stream: readonly string[],
  { config, lease, log }: ExternalInput,
  onGranted: () => void,
) {
  const refused = { broker: config.broker.url };
  const plain = version === 4 ? stream.map((filter) => filter.replace(GROUP, '')) : stream;
  if (version === 4 && lease !== null)
    log.error(refused, 'several hubs need a broker that speaks MQTT 5; each of them now reads everything');
  client.subscribe([...plain], version === 5 ? { qos: 1, rh: 2 } : { qos: 1 }, (error, granted) => {
    if (error !== null || granted?.some(({ qos }) => qos > 2) === true)
      log.error(refused, 'the broker refuses the subscription; allow this user to read holdfast/v1/#');
    else onGranted();
  });
  if (lease !== null && version === 5) client.subscribe(hubStateFilter(config.fleet), { qos: 1 });
}

const stateSchema = z.object({ online: z.boolean() });

function isOnline(payload: Buffer): boolean {
  try {
    // What does not read says nothing about a hub that is gone.
    return stateSchema.safeParse(JSON.parse(payload.toString('utf8'))).data?.online ?? true;
  } catch {
    return true;
  }
}

function clientId(hub: string): string {
  return `holdfast-hub-${hub}`;
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
    clientId: clientId(id),
    // The broker keeps what devices say while this hub is away.
    clean: false,
    properties: { sessionExpiryInterval: SESSION_EXPIRY_S },
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
