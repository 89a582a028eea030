// One look of the hub that judges: facts, rules, silences → what fires → the store → whom to tell.
import type { Log } from '../log.ts';
import type { Board } from '../roster/board.ts';
import type { AlertStore } from '../store/alerts.ts';
import type { AlertsConfig, Route } from './config.ts';
import { decide } from './decide.ts';
import { deliver } from './deliver.ts';
import type { Way } from './destinations.ts';
import { evaluate } from './evaluate.ts';
import { factsOf, lasting, type Since, totalsOf } from './facts.ts';
import type { Rule } from './model.ts';
import { createSilencing, type Maintenance } from './silences.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Alerts that are over and of which somebody may not have heard yet. */
const OVER_MAX = 500;

/** A look that takes so long tells nobody; well within the lease. */
const LATE_MS = 30_000;

/** What the configuration came to. */
export interface AlertParts {
  readonly store: AlertStore;
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
  readonly ways: readonly Way[];
}

export interface LeadInput extends AlertParts {
  readonly config: Pick<AlertsConfig, 'recover_after' | 'url'>;
  readonly id: string;
  readonly board: Pick<Board, 'listed' | 'held'>;
  readonly maintenance: readonly Maintenance[];
  /** Now, milliseconds. */
  readonly at: number;
  readonly listeningSince: number;
  readonly known: Since;
  readonly onSent: (kind: string, taken: boolean) => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
}

export async function lead(input: LeadInput, stopping: AbortSignal): Promise<void> {
  const { at, board, listeningSince, known, maintenance, rules, routes, store, ways } = input;
  const before = await store.firing();
  const shortest = Math.min(...rules.filter(({ when }) => when === 'drift').map(({ forMs }) => forMs));
  const drift = Number.isFinite(shortest) ? await store.drift(at - shortest) : [];
  const silences = await store.silences(at);
  const facts = factsOf({ listed: board.listed(), drift, find: board.held, since: known, now: at, listeningSince });
  await turn();
  const totals = totalsOf(rules, board.listed());
  await turn();
  const judged = evaluate({
    ...{ rules, facts, totals, before, now: at, listeningSince, recoverMs: input.config.recover_after },
    silencedBy: createSilencing(silences, maintenance, at),
  });
  const alerts = await store.write(judged, before, at);
  const over = alerts.filter(({ resolved }) => resolved !== null);
  const earlier = await store.resolved(at - DAY_MS, OVER_MAX);
  const all = [...alerts, ...earlier.filter(({ id }) => !over.some((alert) => alert.id === id))];
  const [told, states] = [await store.told(at - DAY_MS), await store.states()];
  // Asleep in between: another hub may have told it all.
  if (input.now() - at > LATE_MS) return;
  const messages = decide({ alerts: all, told, states, routes, destinations: ways, now: at });
  await Promise.all(messages.map((message) => deliver(message, { ...input, states }, stopping)));
}

/** Of a large fleet each step takes a while: others get their turn in between. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What was so before this process looked. */
export async function seed(board: Pick<Board, 'listed'>, store: Pick<AlertStore, 'seed'>): Promise<Since> {
  const degraded = [];
  const stuck = [];
  for (const one of board.listed()) {
    const key = { fleet: one.fleet, device: one.id };
    const found = lasting(one);
    if (found.includes('degraded')) degraded.push(key);
    const { desired } = one.revision;
    if (found.includes('stuck') && desired !== null) stuck.push({ ...key, revision: desired });
  }
  return await store.seed(degraded, stuck);
}
