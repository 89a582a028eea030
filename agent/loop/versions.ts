// Which version of each app is in force: the record of good and failed versions, and what follows from it for what Git declares.
// Held in memory, so that a full disk keeps nothing from being rolled back, and stored as soon as that works.
import { messageOf } from '../../fleet/error.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Rollout } from '../../fleet/model/rollout.ts';
import { type Effective, effectiveState } from '../../fleet/rollout/effective.ts';
import type { Parts } from './parts.ts';

export interface Versions {
  record(): Rollout;
  /** `closed`: apps whose maintenance windows are closed. */
  effective(accepted: Desired, asks: readonly Ask[], closed: ReadonlySet<string>): Effective;
  /** Changes the record. Never throws: what could not be stored is stored by `save`. */
  change(change: (record: Rollout) => Rollout): void;
  /** Throws when the record cannot be stored. */
  save(): void;
}

export function createVersions({ store, log }: Pick<Parts, 'store' | 'log'>): Versions {
  let record = store.rollout();
  let stored = record;
  let last: { accepted: Desired; asks: readonly Ask[]; shut: string; record: Rollout; effective: Effective } | null =
    null;
  const save = (): void => {
    if (stored === record) return;
    store.putRollout(record);
    stored = record;
  };
  return {
    record: () => record,
    effective(accepted, asks, closed) {
      const shut = [...closed].join(' ');
      if (last?.accepted !== accepted || last.asks !== asks || last.shut !== shut || last.record !== record)
        last = { accepted, asks, shut, record, effective: effectiveState(accepted, asks, record, closed) };
      return last.effective;
    },
    change(change) {
      record = change(record);
      try {
        save();
      } catch (error) {
        log('warn', `what is known of versions could not be stored yet: ${messageOf(error)}`);
      }
    },
    save,
  };
}
