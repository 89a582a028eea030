// Maintenance windows by this host's clock: when it can be believed, and what waits for them.
import type { Effective } from '../../fleet/rollout/effective.ts';
import { firstOpening, formatWaiting, type Now } from '../../fleet/window/waiting.ts';
import type { NewEvent } from '../mqtt/reporter.ts';
import type { Parts } from './parts.ts';

/** What waits now. */
export interface Held {
  /** In a sentence; null: nothing does. */
  readonly message: string | null;
  /** Until the next of their windows opens; null: nothing waits for one. */
  readonly opensInMs: number | null;
}

export interface Windows {
  /** The instant to go by: null where the clock cannot be believed. */
  now(): Promise<Now>;
  /** An event when what waits is not what waited before. */
  held(effective: Effective, now: Now): Held;
}

export function createWindows(
  { now, clockSynced }: Pick<Parts, 'now' | 'clockSynced'>,
  event: (event: NewEvent) => void,
): Windows {
  let said: string | null = null;
  return {
    now: async () => ((await clockSynced()) ? now() : null),
    held({ desired, waiting }, at) {
      const message = waiting.length === 0 ? null : formatWaiting(waiting, at);
      if (message !== null && message !== said)
        event({ severity: 'info', reason: 'Suspended', message, revision: desired.revision, resource: null });
      said = message;
      const first = firstOpening(waiting, at);
      return { message, opensInMs: first === null || at === null ? null : first.opens.getTime() - at.getTime() };
    },
  };
}
