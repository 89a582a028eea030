// What keeps a device from being well, as an interval: it opens with a reason that is bad, lasts while the agent works
// on it, and ends when the device is well or when it is another trouble. Pure.
import type { Status } from '../../fleet/wire/messages.ts';
import type { Trouble } from '../roster/entry.ts';

/** Not bad in themselves: work that is under way, or waits as declared. */
const UNDER_WAY: ReadonlySet<string> = new Set(['Progressing', 'ProgressingWithRetry', 'DependencyNotReady']);
const AS_ASKED: ReadonlySet<string> = new Set(['Succeeded', 'Suspended']);

/** @param now hub clock, milliseconds */
export function troubleAfter(known: Trouble | null, status: Status, now: number): Trouble | null {
  const reason = badReason(status);
  if (reason === null) return null;
  const { desired: revision } = status.revision;
  if (reason === 'under way') return known !== null && known.revision === revision ? known : null;
  if (known !== null && known.reason === reason && known.revision === revision) return known;
  return { reason, revision, since: now };
}

export function isReconciling(status: Status): boolean {
  return status.conditions.some(({ type, status: is }) => type === 'Reconciling' && is === 'True');
}

/** null: well. */
function badReason(status: Status): string | null {
  const stalled = status.conditions.find(({ type, status: is }) => type === 'Stalled' && is === 'True');
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  const condition = stalled ?? (ready?.status === 'True' ? undefined : ready);
  if (condition === undefined || AS_ASKED.has(condition.reason)) return null;
  return UNDER_WAY.has(condition.reason) ? 'under way' : condition.reason;
}
