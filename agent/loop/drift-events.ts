// When each drift began, kept over restarts, what did it, and an event when one begins, is held back or ends.
import type { Hide } from '../../fleet/mask.ts';
import type { Difference } from '../../fleet/model/plan.ts';
import { type Fights, formatFight } from '../../fleet/reconcile/fights.ts';
import { driftKey } from '../../fleet/reconcile/ownership.ts';
import { formatDrift } from '../../fleet/reconcile/units-shown.ts';
import type { NewEvent } from '../mqtt/reporter.ts';
import type { Store } from '../store/store.ts';

/** More drift than this in one look is one event, not hundreds. */
const DRIFT_EVENTS = 20;
/**
 * The Engine's events come beside the looks, that of a stop after the end that it led to: for so long what did it, or a better
 * word for it, may still turn up.
 */
const LATE_MS = 30_000;

/** What is known of a drift. */
export interface Known {
  /** ISO 8601 */
  readonly since: string;
  /** `update at 12:03:10Z`, when an event of the Engine tells. */
  readonly by?: string;
}

export interface DriftEvents {
  /** Call it with the drift of every fresh plan. */
  note(drifts: readonly Difference[], revision: string, seen: Seen): void;
  /** By `driftKey`. */
  known(): ReadonlyMap<string, Known>;
}

interface Seen {
  readonly by: (difference: Difference) => string | undefined;
  readonly fights: Fights;
  /** Monotonic, as the times of fights are. */
  readonly nowMs: number;
}

export function createDriftEvents(given: {
  readonly store: Pick<Store, 'driftSince' | 'replaceDriftSince'>;
  readonly now: () => Date;
  readonly event: (event: NewEvent) => void;
  readonly persist: (write: () => void) => boolean;
  readonly hide: Hide;
  /** What the last run knew, by `driftKey`. */
  readonly by: ReadonlyMap<string, string>;
}): DriftEvents {
  const { store, event } = given;
  let known: ReadonlyMap<string, Known> = new Map(
    store.driftSince().map(({ key, since }) => [key, withBy(since, given.by.get(key))]),
  );
  /** What did it last, of drift that is fought over: the events of one who is quick hide among those of the corrections. */
  let lastBy: ReadonlyMap<string, string> = new Map();
  /** The number of its pauses that each fight was last reported with. */
  let told: ReadonlyMap<string, number> = new Map();

  const warn = (message: string, revision: string, resource: string | null) =>
    event({ severity: 'warning', reason: 'DriftDetected', message, revision, resource });

  return {
    known: () => known,
    note(drifts, revision, { by, fights, nowMs }) {
      const now = given.now();
      const begun = drifts.filter((difference) => !known.has(driftKey(difference)));
      const keys = new Map(drifts.map((difference) => [driftKey(difference), difference]));
      const ended = [...known.keys()].filter((key) => !keys.has(key));
      const whoOf = (key: string, difference: Difference): Known => {
        const before = known.get(key);
        const since = before?.since ?? now.toISOString();
        const isOpen = now.getTime() - Date.parse(since) < LATE_MS;
        const who = isOpen ? (by(difference) ?? before?.by) : before?.by;
        return withBy(since, who === undefined ? undefined : given.hide(who));
      };
      known = new Map([...keys].map(([key, difference]) => [key, whoOf(key, difference)]));
      const named = [...known].flatMap(([key, { by: who }]) => (who === undefined ? [] : [[key, who] as const]));
      lastBy = new Map([...lastBy, ...named].filter(([key]) => fights.has(key)));
      given.persist(() => store.replaceDriftSince([...known].map(([key, { since }]) => ({ key, since }))));
      for (const difference of begun.slice(0, DRIFT_EVENTS)) {
        const who = known.get(driftKey(difference))?.by;
        warn(`drift: ${formatDrift(difference)}${who === undefined ? '' : ` (${who})`}`, revision, difference.resource);
      }
      if (begun.length > DRIFT_EVENTS) warn(`drift: and ${begun.length - DRIFT_EVENTS} more`, revision, null);
      const held = drifts.flatMap((difference) => {
        const fight = difference.left === 'held' ? fights.get(driftKey(difference)) : undefined;
        return fight === undefined ? [] : [{ key: driftKey(difference), difference, fight }];
      });
      for (const { key, difference, fight } of held.slice(0, DRIFT_EVENTS)) {
        if (told.get(key) === fight.holds) continue;
        warn(
          `drift: ${formatFight(difference, fight, known.get(key)?.by ?? lastBy.get(key), nowMs)}`,
          revision,
          difference.resource,
        );
      }
      told = new Map(
        [...fights].flatMap(([key, { holds }]) => {
          const isTold = held.some((one) => one.key === key);
          const before = told.get(key);
          return isTold ? [[key, holds]] : before === undefined ? [] : [[key, before]];
        }),
      );
      for (const key of ended.slice(0, DRIFT_EVENTS)) {
        const bar = key.indexOf('|');
        const message = `drift has ended: ${key.slice(bar + 1)}`;
        event({ severity: 'info', reason: 'Succeeded', message, revision, resource: key.slice(0, bar) });
      }
    },
  };
}

function withBy(since: string, by: string | undefined): Known {
  return { since, ...(by === undefined ? {} : { by }) };
}
