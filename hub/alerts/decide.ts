// Whom to tell what, now. Pure. There is no queue: what a receiver is owed is the difference between how alerts stand and what it
// was last told. So one that was away gets what still matters and nothing else, a restart repeats nothing, and what began and
// ended unheard is never told.
import type { Route } from './config.ts';
import { matchesAll } from './matcher.ts';
import type { Alert, ReceiverState, Told } from './model.ts';

/** Alerts of one message; the others follow with the next look. */
export const MESSAGE_ALERTS = 20;
/** A recovery is old news after that. */
const RECOVERY_MS = 24 * 60 * 60_000;
export const RETRY = { firstMs: 5_000, capMs: 60 * 60_000 } as const;

export type Action = 'firing' | 'grown' | 'repeated' | 'resolved';

export interface Due {
  readonly alert: Alert;
  readonly action: Action;
  /** When this destination was last told of the alert; null: never. */
  readonly after: number | null;
}

/** One way to reach somebody. */
export interface Destination {
  /** `<receiver>/<kind>` */
  readonly id: string;
  readonly receiver: string;
  /** It groups and repeats by itself, and forgets what it is not told again and again. */
  readonly continuous: boolean;
}

export interface DecideInput {
  readonly alerts: readonly Alert[];
  readonly told: readonly Told[];
  readonly states: readonly ReceiverState[];
  readonly routes: readonly Route[];
  readonly destinations: readonly Destination[];
  readonly now: number;
}

export interface Message {
  readonly destination: Destination;
  readonly due: readonly Due[];
}

type Timing = Pick<Route, 'waitMs' | 'intervalMs' | 'repeatMs'>;

const CONTINUOUS: Timing = { waitMs: 0, intervalMs: 0, repeatMs: 60_000 };

export function decide(input: DecideInput): readonly Message[] {
  const told = new Map(input.told.map((one) => [`${one.alert} ${one.receiver}`, one]));
  const states = new Map(input.states.map((state) => [state.receiver, state]));
  return input.destinations.flatMap((destination) => {
    if (input.now < (states.get(destination.id)?.retryAt ?? 0)) return [];
    const due = input.alerts.flatMap((alert): Due[] => {
      const before = told.get(`${alert.id} ${destination.id}`);
      const action = owed(alert, before, timing(alert, destination, input.routes), input.now);
      return action === null ? [] : [{ alert, action, after: before?.at ?? null }];
    });
    return due.length === 0 ? [] : [{ destination, due: [...due].sort(worstFirst).slice(0, MESSAGE_ALERTS) }];
  });
}

/** The names of those who get this alert. */
export function receiversOf(alert: Pick<Alert, 'labels'>, routes: readonly Route[]): readonly string[] {
  return [...new Set(fitting(alert, routes).flatMap(({ receivers }) => receivers))];
}

function owed(alert: Alert, told: Told | undefined, timing: Timing | null, now: number): Action | null {
  if (alert.resolved !== null)
    return told?.state === 'firing' && now - alert.resolved < RECOVERY_MS ? 'resolved' : null;
  if (timing === null || !alert.loud || alert.quiet !== null) return null;
  if (told === undefined) return now - alert.since >= timing.waitMs ? 'firing' : null;
  if (alert.joined > told.joined && now - told.at >= timing.intervalMs) return 'grown';
  return now - told.at >= timing.repeatMs ? 'repeated' : null;
}

/** null: no route leads there. */
function timing(alert: Alert, { receiver, continuous }: Destination, routes: readonly Route[]): Timing | null {
  const route = fitting(alert, routes).find(({ receivers }) => receivers.includes(receiver));
  if (route === undefined) return null;
  return continuous ? CONTINUOUS : route;
}

function fitting({ labels }: Pick<Alert, 'labels'>, routes: readonly Route[]): readonly Route[] {
  const fit = routes.filter(({ match }) => matchesAll(match, labels));
  const last = fit.findIndex((route) => !route.continue);
  return last === -1 ? fit : fit.slice(0, last + 1);
}

const ORDER = { critical: 0, warning: 1, info: 2 } as const;

function worstFirst(a: Due, b: Due): number {
  return ORDER[a.alert.severity] - ORDER[b.alert.severity] || a.alert.since - b.alert.since || a.alert.id - b.alert.id;
}

/** @param random 0 ≤ x < 1, so that many hubs do not come back at once. @param asked what the receiver said to wait */
export function retryAt(failures: number, now: number, random: number, asked: number | null): number {
  const wait = Math.min(RETRY.capMs, RETRY.firstMs * 2 ** Math.min(failures - 1, 20));
  return now + Math.max(Math.round(wait * (0.75 + random / 4)), Math.min(asked ?? 0, RETRY.capMs));
}
