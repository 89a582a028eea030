// The shell around the rules: looks now and then, keeps what fires in the store, tells whom the routes name. Of several hubs the
// one that has the lease does both, and only while it hears the devices. All of them show it.
import { messageOf } from '../../fleet/error.ts';
import type { AlertItem } from '../api/alerts.ts';
import type { Log } from '../log.ts';
import type { Board } from '../roster/board.ts';
import { createAlertStore } from '../store/alerts.ts';
import type { Store } from '../store/store.ts';
import { type AlertsConfig, maintenanceOf, routesOf, rulesOf } from './config.ts';
import { waysOf } from './destinations.ts';
import { createMemory, type Since } from './facts.ts';
import { type AlertParts, lead, seed } from './lead.ts';
import type { Alert } from './model.ts';
import { type Shown, showAlerts } from './shown.ts';

/** A hub that died is succeeded after this; far more than a look with all its messages takes. */
const LEASE_MS = 60_000;
const LEASE = 'alerts';
const DAY_MS = 24 * 60 * 60_000;
const NOTHING: Since = new Map();

export interface AlertsInput {
  readonly config: AlertsConfig;
  /** Of this hub. */
  readonly id: string;
  readonly store: Pick<Store, 'database' | 'takeLease' | 'dropLease'>;
  readonly board: Pick<Board, 'listed' | 'held'>;
  /** From when this hub has heard the devices without a break; null: it does not now. */
  readonly listeningSince: () => number | null;
  readonly onChange: (items: readonly AlertItem[]) => void;
  readonly onSent: (kind: string, taken: boolean) => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
}

export interface Alerts extends Shown {
  /** Reads what receivers need, and begins. @throws HoldfastError ConfigInvalid */
  start(): Promise<void>;
  /** Drops what was over long ago. */
  prune(now: number): Promise<void>;
  /** Messages on their way end; they go out again after the next start. */
  stop(): Promise<void>;
}

export function createAlerts(input: AlertsInput): Alerts {
  const { config, board, now, log } = input;
  const store = createAlertStore(input.store.database);
  const parts: AlertParts = { store, rules: rulesOf(config), routes: routesOf(config), ways: waysOf(config.receivers) };
  const maintenance = maintenanceOf(config);
  const shown = showAlerts(parts, now);
  const memory = createMemory();
  const news = createNews();
  const stopping = new AbortController();
  let looping: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    const at = now();
    const since = input.listeningSince();
    const known = memory.look(board.listed(), at, memory.first() ? await seed(board, store) : NOTHING);
    const holder = { name: LEASE, holder: input.id };
    if (since === null) await input.store.dropLease(holder);
    else if (await input.store.takeLease({ ...holder, durationMs: LEASE_MS, now: at }))
      await lead({ ...input, ...parts, maintenance, at, listeningSince: since, known }, stopping.signal);
    input.onChange(news([...(await store.firing()), ...(await store.resolved(at - DAY_MS, 100))]).map(shown.item));
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      // Whatever fails, the next look begins anew from what the store holds.
      await look().catch((error: unknown) => log.error({ error: messageOf(error) }, 'cannot judge alerts'));
      await pause(config.interval, stopping.signal);
    }
  }

  return {
    async start() {
      for (const { sender } of parts.ways) await sender.check();
      looping = loop();
    },
    ...shown,
    prune: store.prune,
    async stop() {
      stopping.abort();
      await looping;
      await input.store.dropLease({ name: LEASE, holder: input.id });
    },
  };
}

/** What is other than at the look before; at the first look nothing is. */
function createNews(): (alerts: readonly Alert[]) => readonly Alert[] {
  let seen: ReadonlyMap<number, string> | null = null;
  return (alerts) => {
    const before = seen;
    seen = new Map(alerts.map((alert) => [alert.id, JSON.stringify(alert)]));
    return before === null ? [] : alerts.filter((alert) => before.get(alert.id) !== seen?.get(alert.id));
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
