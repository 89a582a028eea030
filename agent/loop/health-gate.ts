// The health gate of the revision that is being applied: what passes becomes the last known good.
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import { advanceGate, type Gate, openGate } from '../../fleet/reconcile/gate.ts';
import type { Failure } from '../../fleet/status.ts';
import type { Parts } from './parts.ts';

export interface HealthGate {
  /** Call it after every look; `worked`: steps were carried out before it. True: a new revision has just proved good. */
  advance(desired: Desired, observed: Observed, worked: boolean): boolean;
  /** Nothing is awaited any more: the device is suspended. */
  close(): void;
  /** Undecided: look again soon. */
  waiting(): boolean;
  failures(): readonly Failure[];
  /** Revision of the last known good. */
  lastGood(): string | null;
}

export function createHealthGate({ store, monotonicMs }: Pick<Parts, 'store' | 'monotonicMs'>): HealthGate {
  let lastGood = store.snapshot('last_good')?.revision ?? null;
  let gate: Gate | null = null;
  let failure: Failure | null = null;
  const close = (): void => {
    gate = null;
    failure = null;
  };
  return {
    close,
    lastGood: () => lastGood,
    waiting: () => gate !== null && (failure === null || gate.steadyMs !== null),
    failures: () => (failure === null ? [] : [failure]),
    advance(desired, observed, worked) {
      const nowMs = monotonicMs();
      const unproved = lastGood !== desired.revision;
      if (gate?.revision !== desired.revision) {
        close();
        if (unproved || worked) gate = openGate(desired.revision, nowMs);
      }
      if (gate === null) return false;
      const { gate: next, verdict } = advanceGate(gate, desired, observed, nowMs);
      gate = next;
      // Once failed it stays failed until it passes: a crash loop looks well for a moment each time.
      if (verdict.kind === 'failed')
        failure = { key: 'health', reason: 'HealthCheckFailed', message: verdict.message, stalled: false };
      if (verdict.kind !== 'passed') return false;
      close();
      if (!unproved || store.applied() !== desired.revision) return false;
      store.putSnapshot('last_good', desired);
      lastGood = desired.revision;
      return true;
    },
  };
}
