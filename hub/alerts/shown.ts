// Alerts and silences as the API shows and changes them; any hub does, whichever judges.
import type { AlertItem, AlertPage, SilenceItem } from '../api/alerts.ts';
import { receiversOf } from './decide.ts';
import type { AlertParts } from './lead.ts';
import { matcherText } from './matcher.ts';
import type { Alert, Silence } from './model.ts';
import { alertItem } from './payload.ts';

const DAY_MS = 24 * 60 * 60_000;
const SILENCES_MAX = 1_000;

export interface AlertQuery {
  readonly state?: 'firing' | 'resolved' | undefined;
  /** Resolved since then; milliseconds. */
  readonly since?: number | undefined;
  readonly limit: number;
}

export interface Shown {
  item(alert: Alert): AlertItem;
  list(query: AlertQuery): Promise<AlertPage>;
  silences(): Promise<readonly SilenceItem[]>;
  /** null: there are too many. */
  addSilence(silence: Omit<Silence, 'id'>): Promise<SilenceItem | null>;
  /** false: there is none that is not over. */
  expireSilence(id: string): Promise<boolean>;
}

export function showAlerts({ store, routes, ways }: Omit<AlertParts, 'rules'>, now: () => number): Shown {
  const item = (alert: Alert) => alertItem(alert, receiversOf(alert, routes));
  return {
    item,
    async list({ state, since, limit }) {
      const firing = state === 'resolved' ? [] : [...(await store.firing())].sort(worstFirst);
      const over = state === 'firing' ? [] : await store.resolved(since ?? now() - DAY_MS, limit);
      const states = await store.states();
      return {
        items: [...firing, ...over].slice(0, limit).map(item),
        receivers: ways.map(({ id, receiver, kind }) => {
          const known = states.find((one) => one.receiver === id);
          const retry = known === undefined || known.failures === 0 ? null : iso(known.retryAt);
          const okAt = known?.okAt ?? null;
          const error = known?.error ?? null;
          return {
            receiver,
            kind,
            failures: known?.failures ?? 0,
            error,
            retry_at: retry,
            ok_at: okAt === null ? null : iso(okAt),
          };
        }),
      };
    },
    silences: async () => (await store.silences(now())).map(silenceItem),
    async addSilence(silence) {
      if ((await store.silences(now())).length >= SILENCES_MAX) return null;
      return silenceItem(await store.addSilence(silence));
    },
    expireSilence: (id) => store.expireSilence(id, now()),
  };
}

const ORDER = { critical: 0, warning: 1, info: 2 } as const;

function worstFirst(a: Alert, b: Alert): number {
  return ORDER[a.severity] - ORDER[b.severity] || a.since - b.since;
}

function silenceItem({ id, matchers, starts, ends, by, reason }: Silence): SilenceItem {
  return { id, matchers: matchers.map(matcherText), starts: iso(starts), ends: iso(ends), by, reason };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
