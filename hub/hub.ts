// The hub put together: store, ingest, broker, HTTP. Nothing happens on import; `start` opens, `stop` closes all of it.

import { messageOf } from '../fleet/error.ts';
import type { HubState } from '../fleet/wire/messages.ts';
import { deviceTopic, hubTopic } from '../fleet/wire/topics.ts';
import { createEmbeddedBroker } from './broker/embedded.ts';
import type { HubConfig } from './config.ts';
import { createApp } from './http/app.ts';
import type { HttpDeps } from './http/deps.ts';
import { type HttpServer, startHttp } from './http/server.ts';
import { createStreams } from './http/stream.ts';
import { loadWeb } from './http/web.ts';
import { createIngest, type Ingest } from './ingest/ingest.ts';
import type { Link } from './link.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createExternalLink } from './mqtt/external.ts';
import { type RosterEntry, rosterKey } from './roster/entry.ts';
import { summarize } from './roster/summary.ts';
import { openStore, type Store } from './store/store.ts';

const PRUNE_INTERVAL_MS = 10 * 60_000;
const TICK_MAX_MS = 10_000;
const STOP_DEADLINE_MS = 3_000;

export interface HubInput {
  readonly config: HubConfig;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 ≤ x < 1, for jitter. */
  readonly random: () => number;
  /** Folder of the built dashboard. */
  readonly webDir: string;
}

export interface Hub {
  /** `mqttUrl` null: devices connect to the external broker. */
  start(): Promise<{ httpUrl: string; mqttUrl: string | null }>;
  /** Ends within 3 seconds. */
  stop(): Promise<void>;
}

export function createHub(input: HubInput): Hub {
  const closers: (() => Promise<void>)[] = [];
  async function stop(): Promise<void> {
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, STOP_DEADLINE_MS).unref());
    await Promise.race([closeAll(closers, input.log), deadline]);
  }
  return {
    async start() {
      try {
        return await open(input, closers);
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };
}

/** Every part that opens adds how it closes, so that a failure half-way leaves nothing behind. */
async function open(input: HubInput, closers: (() => Promise<void>)[]) {
  const { config, log, now } = input;
  const store = await openStore(config.store.path);
  closers.push(() => store.close());
  const roster = new Map(await store.load());
  const devices = () => Array.from(roster.values(), ({ entry }) => entry.item);
  const summary = () => summarize(devices(), now());
  const streams = createStreams(summary);
  closers.push(async () => streams.stop());
  const links: { current: Link | null } = { current: null };
  const clients = () => links.current?.clients() ?? null;
  const metrics = createMetrics({ summary, streams: streams.count, clients });
  const ingest = createIngest(ingestInput(input, { store, roster, metrics, streams }));
  closers.push(() => ingest.stop());
  const link = createLink(input, ingest);
  links.current = link;
  const web = await loadWeb(config.http.web_dir ?? input.webDir);
  const find: HttpDeps['find'] = (fleet, id) => roster.get(rosterKey(fleet, id))?.entry.item;
  const hint: HttpDeps['hint'] = async (fleet, id) => {
    await sendHint(link, fleet, id, now());
    metrics.hinted();
    await ingest.recordHint(fleet, id);
  };
  const { host: listenHost, allowed_hosts: allowedHosts } = config.http;
  const deps = { store, devices, find, summary, hint, ready: link.ready, metrics, streams, log };
  const app = createApp({ ...deps, listenHost, allowedHosts, web });
  const http: HttpServer = await startHttp(app, listenHost, config.http.port);
  closers.push(() => http.stop());
  const { url: mqttUrl } = await link.start(() => void announce(link, config, now(), true, log));
  closers.push(
    () => link.stop(),
    () => announce(link, config, now(), false, log),
  );
  closers.push(startTimers(config, ingest, store, now, log));
  return { httpUrl: http.url, mqttUrl };
}

function ingestInput(
  { config, log, now }: HubInput,
  parts: {
    store: Store;
    roster: Map<string, RosterEntry>;
    metrics: Metrics;
    streams: ReturnType<typeof createStreams>;
  },
): Parameters<typeof createIngest>[0] {
  const { store, roster, metrics, streams } = parts;
  return {
    store,
    roster,
    now,
    log,
    limits: { devices: config.limits.devices, staleAfterMs: config.stale_after, fleet: config.fleet },
    onDrop: metrics.dropped,
    onMessage: metrics.received,
    onCommit: (change) => {
      metrics.recorded(change.events);
      streams.changed(change);
    },
  };
}

function createLink({ config, log, now, random }: HubInput, ingest: Ingest): Link {
  if (config.broker !== undefined) {
    return createExternalLink({ config: { ...config, broker: config.broker }, ingest, log, now, random });
  }
  return createEmbeddedBroker({ host: config.mqtt.host, port: config.mqtt.port, ingest, log });
}

async function sendHint(link: Link, fleet: string, id: string, now: number): Promise<void> {
  const hint = { schema: 1, ts: new Date(now).toISOString() };
  await link.publish(deviceTopic(fleet, id, 'cmd/reconcile'), JSON.stringify(hint), { retain: false });
}

/** The hub's own retained state; when the link is down, the hub's last will says it. */
async function announce(link: Link, config: HubConfig, now: number, online: boolean, log: Log): Promise<void> {
  if (!link.ready()) return;
  const state: HubState = { schema: 1, hub: config.id, online, ts: new Date(now).toISOString() };
  try {
    await link.publish(hubTopic(config.fleet ?? 'default', config.id), JSON.stringify(state), { retain: true });
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'the hub state was not published');
  }
}

function startTimers(
  config: HubConfig,
  ingest: Ingest,
  store: Store,
  now: () => number,
  log: Log,
): () => Promise<void> {
  const failed = (what: string) => (error: unknown) => log.error({ error: messageOf(error) }, what);
  const look = () => void ingest.tick().catch(failed('cannot look for silent devices'));
  const prune = () => {
    const limits = { before: now() - config.retention.age, events: config.retention.events };
    void store.prune(limits).catch(failed('cannot drop old events'));
  };
  const ticks = setInterval(look, Math.max(50, Math.min(TICK_MAX_MS, config.stale_after / 4)));
  const prunes = setInterval(prune, PRUNE_INTERVAL_MS);
  prune();
  return async () => {
    clearInterval(ticks);
    clearInterval(prunes);
  };
}

/** Last opened, first closed; one part that fails to close does not keep the others open. */
async function closeAll(closers: (() => Promise<void>)[], log: Log): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    await close().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'a part did not close cleanly'));
  }
}
