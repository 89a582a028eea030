// A batch judged message by message against what the store knows of its devices. Pure: the same input gives the same
// answer, since two hubs that get in each other's way judge again.
import { type RosterEntry, rosterKey } from '../roster/entry.ts';
import type { DeviceChange } from '../store/store.ts';
import { alive, expire } from './expire.ts';
import { hubEvent } from './hub-event.ts';
import type { DropCause, Message } from './parse.ts';
import { reduce } from './reduce.ts';

export type Outcome = 'accepted' | DropCause;

export type Work =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'hint'; readonly fleet: string; readonly device: string }
  | { readonly kind: 'alive'; readonly fleet: string; readonly device: string }
  /** Silent for too long, as far as memory knows. `since`: from when somebody listened. */
  | { readonly kind: 'expire'; readonly fleet: string; readonly device: string; readonly since: number };

export interface JudgeLimits {
  /** So many more devices are taken. */
  readonly newDevices: number;
  readonly staleAfterMs: number;
}

export function judge(
  works: readonly Work[],
  known: ReadonlyMap<string, RosterEntry>,
  now: number,
  limits: JudgeLimits,
): { readonly outcomes: readonly Outcome[]; readonly changes: readonly DeviceChange[] } {
  const latest = new Map<string, RosterEntry>();
  const changes: DeviceChange[] = [];
  let added = 0;
  const outcomes = works.map((work): Outcome => {
    const { fleet, device } = work.kind === 'message' ? work.message : work;
    const key = rosterKey(fleet, device);
    const before = latest.get(key) ?? known.get(key);
    if (before === undefined && work.kind === 'message' && ++added > limits.newDevices) return 'devices';
    const judged = judgeOne(work, before, now, limits);
    if (typeof judged === 'string') return judged;
    if (judged.next !== null) latest.set(key, judged.next);
    changes.push({ fleet, device, entry: judged.next?.entry ?? null, effects: judged.effects });
    return 'accepted';
  });
  return { outcomes, changes };
}

type Judged = { readonly next: RosterEntry | null; readonly effects: DeviceChange['effects'] } | Outcome;

function judgeOne(work: Work, before: RosterEntry | undefined, now: number, limits: JudgeLimits): Judged {
  switch (work.kind) {
    case 'hint':
      return { next: null, effects: [hubEvent(work.fleet, work.device, 'Hint', now)] };
    case 'alive':
      return (before === undefined ? null : alive(before, now)) ?? 'accepted';
    case 'expire':
      return (before === undefined ? null : expire(before, now, limits.staleAfterMs, work.since)) ?? 'accepted';
    case 'message': {
      const reduction = reduce(before, work.message, now);
      return reduction.kind === 'dropped' ? reduction.cause : reduction;
    }
  }
}
