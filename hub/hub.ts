// The hub put together: store, ingest, broker, HTTP. Nothing happens on import; `start` opens, `stop` closes all of it.

import { messageOf } from '../fleet/error.ts';
import type { HubState } from '../fleet/wire/messages.ts';
import { deviceTopic, hubTopic } from '../fleet/wire/topics.ts';
import type { Access } from './access/access.ts';
import { openAdmission } from './admission.ts';
import { type Alerts, createAlerts } from './alerts/alerts.ts';
import { createEmbeddedBroker } from './broker/embedded.ts';
import type { HubConfig } from './config.ts';
import { type Follower, follow } from './follow.ts';
import { createApp } from './http/app.ts';
import type { HttpDeps } from './http/deps.ts';
import { startHttp } from './http/server.ts';
import { createStreams } from './http/stream.ts';
import { loadWeb } from './http/web.ts';
import { createIngest, type Ingest } from './ingest/ingest.ts';
import type { Link } from './link.ts';
import { type Listeners, prepareListeners } from './listeners.ts';
import type { Log } from './log.ts';
import { giveBackMemory } from './memory.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createExternalLink } from './mqtt/external.ts';
import { type Board, createBoard } from './roster/board.ts';
import { sampleFleets } from './roster/fleet-sample.ts';
import { createAccess } from './store/access.ts';
import { openStore, type Store } from './store/store.ts';
import { storeAddress } from './store-address.ts';

/** Half of what history keeps apart, so that no minute is missed. */
const SAMPLE_INTERVAL_MS = 30_000;
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
  const store = await openStore(await storeAddress(config));
  closers.push(() => store.close());
  const access = createAccess(store.database.db, store.database.reader);
  const listeners = await prepareListeners(config, await access.guarded(), log);
  closers.push(async () => listeners.stop());
  const board = createBoard();
  const summary = () => board.summary(now());
  const streams = createStreams(summary);
  closers.push(async () => streams.stop());
  const links: { current: Link | null } = { current: null };
  const clients = () => links.current?.clients() ?? null;
  const ready = () => links.current?.ready() ?? false;
  const metrics = createMetrics({ summary, streams: streams.count, clients, ready });
  const follower = await follow({ store, board, log, onChange: streams.changed });
  closers.push(() => follower.stop());
  const ingest = createIngest(ingestInput(input, { store, board, metrics, follower }));
  closers.push(() => ingest.stop());
  const link = createLink(input, { ingest, store, access, listeners });
  links.current = link;
  const web = await loadWeb(config.http.web_dir ?? input.webDir);
  const hint: HttpDeps['hint'] = async (fleet, id) => {
    await sendHint(link, fleet, id, now());
    metrics.hinted();
    await ingest.recordHint(fleet, id);
  };
  const { host: listenHost, allowed_hosts: allowedHosts } = config.http;
  const alerts = createAlerts({
    ...{ config: config.alerts, id: config.id, store, board },
    listeningSince: () => (link.ready() ? ingest.listeningSince() : null),
    ...{ onChange: streams.alerts, onSent: metrics.notified, now, random: input.random, log },
  });
  const deps = { store, board, now, summary, hint, ready: link.ready, metrics, streams, alerts, log };
  const admission = openAdmission({ config, access, listeners, link, now });
  closers.push(admission.stop);
  const app = createApp({ ...deps, ...admission.deps, listenHost, allowedHosts, web });
  const http = await startHttp({ app, host: listenHost, port: config.http.port, tls: listeners.http });
  closers.push(() => http.stop());
  const { url: mqttUrl } = await link.start(() => void announce(link, config, now(), true, log));
  admission.reachedAt(mqttUrl);
  closers.push(
    () => link.stop(),
    () => announce(link, config, now(), false, log),
  );
  // Ended before the broker: devices that lose it then are not offline.
  closers.push(() => alerts.stop());
  closers.push(startTimers(input, { ingest, link, store, board, access, alerts }));
  await alerts.start();
  return { httpUrl: http.url, mqttUrl };
}

function ingestInput(
  { config, log, now }: HubInput,
  parts: {
    store: Store;
    board: Board;
    metrics: Metrics;
    follower: Follower;
  },
): Parameters<typeof createIngest>[0] {
  const { store, board, metrics, follower } = parts;
  return {
    store,
    board,
    now,
    log,
    limits: { devices: config.limits.devices, staleAfterMs: config.stale_after, fleet: config.fleet },
    onDrop: metrics.dropped,
    onMessage: metrics.received,
    onCommit: (committed) => {
      metrics.recorded(committed.events);
      follower.take(committed);
    },
  };
}

function createLink(
  { config, log, now, random }: HubInput,
  parts: { readonly ingest: Ingest; readonly store: Store; readonly access: Access; readonly listeners: Listeners },
): Link {
  const { ingest, store, access, listeners } = parts;
  if (config.broker !== undefined) {
    const take = (name: string, durationMs: number) =>
      store.takeLease({ name, holder: config.id, durationMs, now: now() });
    const lease = store.database.engine === 'postgres' ? take : null;
    const settings = { ...config, broker: config.broker };
    return createExternalLink({ config: settings, ingest, lease, onCaughtUp: giveBackMemory, log, now, random });
  }
  const { host, port } = config.mqtt;
  const devices = { anonymous: listeners.anonymous, credential: access.credential };
  return createEmbeddedBroker({ host, port, tls: listeners.mqtt, access: devices, ingest, log, now });
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
  { config, now, log }: HubInput,
  parts: { ingest: Ingest; link: Pick<Link, 'ready'>; store: Store; board: Board; access: Access; alerts: Alerts },
): () => Promise<void> {
  const { ingest, link, store, board, access, alerts } = parts;
  const failed = (what: string) => (error: unknown) => log.error({ error: messageOf(error) }, what);
  const look = () => void ingest.tick(link.ready()).catch(failed('cannot look for silent devices'));
  const prune = () => {
    const { age, events, drift, revisions } = config.retention;
    const limits = { before: now() - age, events, drift, revisions };
    void store.prune(limits).catch(failed('cannot drop old events'));
    void access.prune(now() - config.retention.audit, now()).catch(failed('cannot drop old audit entries'));
    void alerts.prune(now()).catch(failed('cannot drop old alerts'));
  };
  const sample = () => {
    void store.addSamples(sampleFleets(board.listed()), now()).catch(failed('cannot keep the fleet in numbers'));
  };
  const samples = setInterval(sample, SAMPLE_INTERVAL_MS);
  const ticks = setInterval(look, Math.max(50, Math.min(TICK_MAX_MS, config.stale_after / 4)));
  const prunes = setInterval(prune, PRUNE_INTERVAL_MS);
  look();
  prune();
  return async () => {
    clearInterval(samples);
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
