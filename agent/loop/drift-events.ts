// When each drift began, kept over restarts, and an event when one begins or ends.
import type { Difference } from '../../fleet/model/plan.ts';
import { formatDrift } from '../../fleet/reconcile/text.ts';
import { driftKey, isDrift } from '../../fleet/status.ts';
import type { NewEvent } from '../mqtt/reporter.ts';
import type { Store } from '../store/store.ts';

/** More drift than this in one look is one event, not hundreds. */
const DRIFT_EVENTS = 20;

export interface DriftEvents {
  /** Call it with every fresh plan's differences. */
  note(differences: readonly Difference[], revision: string): void;
  /** ISO 8601, by `driftKey`. */
  since(): ReadonlyMap<string, string>;
}

export function createDriftEvents(given: {
  readonly store: Pick<Store, 'driftSince' | 'replaceDriftSince'>;
  readonly now: () => Date;
  readonly event: (event: NewEvent) => void;
  readonly persist: (write: () => void) => boolean;
}): DriftEvents {
  const { store, event } = given;
  let since = new Map(store.driftSince().map((entry) => [entry.key, entry.since]));
  return {
    since: () => since,
    note(differences, revision) {
      const now = given.now().toISOString();
      const drifts = differences.filter(isDrift);
      const begun = drifts.filter((difference) => !since.has(driftKey(difference)));
      const keys = new Set(drifts.map(driftKey));
      const ended = [...since.keys()].filter((key) => !keys.has(key));
      since = new Map([...keys].map((key) => [key, since.get(key) ?? now]));
      given.persist(() => store.replaceDriftSince([...since].map(([key, at]) => ({ key, since: at }))));
      for (const difference of begun.slice(0, DRIFT_EVENTS)) {
        const message = `drift: ${formatDrift(difference)}`;
        event({ severity: 'warning', reason: 'DriftDetected', message, revision, resource: difference.resource });
      }
      if (begun.length > DRIFT_EVENTS) {
        const message = `drift: and ${begun.length - DRIFT_EVENTS} more`;
        event({ severity: 'warning', reason: 'DriftDetected', message, revision, resource: null });
      }
      for (const key of ended.slice(0, DRIFT_EVENTS)) {
        const bar = key.indexOf('|');
        const message = `drift has ended: ${key.slice(bar + 1)}`;
        event({ severity: 'info', reason: 'Succeeded', message, revision, resource: key.slice(0, bar) });
      }
    },
  };
}
