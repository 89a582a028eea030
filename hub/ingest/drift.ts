// Drift as intervals: compares what a status reports with what is open. Pure.
import type { Status } from '../../fleet/wire/messages.ts';
import type { OpenDrift } from '../roster/entry.ts';
import type { Effect } from './effects.ts';

/** Open intervals of one device; beyond this a cut status closes what it leaves out after all. */
const OPEN_DRIFT_MAX = 2048;

/** What a status opens, changes and closes. A status that was cut closes nothing: what it leaves out may still be there. */
export function driftIntervals(open: OpenDrift, status: Status): { open: OpenDrift; effects: readonly Effect[] } {
  const effects: Effect[] = [];
  const next = new Map<string, string>();
  const revision = status.revision.applied ?? status.revision.desired;
  for (const drift of status.drift) {
    const key = driftKey(drift);
    const content = JSON.stringify([
      ...[drift.desired, drift.observed, drift.since, revision],
      ...(drift.by === undefined ? [] : [drift.by]),
    ]);
    if (next.has(key)) continue;
    next.set(key, content);
    const known = open.get(key);
    if (known === undefined) effects.push({ kind: 'drift-open', key, drift, revision });
    else if (known !== content) effects.push({ kind: 'drift-change', key, drift, revision });
  }
  const cut = (status.cut?.drift ?? 0) > 0;
  for (const [key, content] of open) {
    if (next.has(key)) continue;
    if (cut && next.size < OPEN_DRIFT_MAX) next.set(key, content);
    else effects.push({ kind: 'drift-close', key });
  }
  return { open: next, effects };
}

export function driftKey(drift: { resource: string; kind: string; field: string | null }): string {
  return JSON.stringify([drift.resource, drift.kind, drift.field]);
}
