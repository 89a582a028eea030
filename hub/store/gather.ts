// Turns the changes of a batch, device by device and in order, into rows by table. Pure. A device that changed several
// times is written once, with its last state; its drift goes in waves, since what opens, closes and opens again has to
// be written in that order.
import type { Status } from '../../fleet/wire/messages.ts';
import type { Effect, NewEvent } from '../ingest/effects.ts';
import { type DeviceKey, type Entry, rosterKey } from '../roster/entry.ts';
import { type DriftRow, driftRow } from './drift-row.ts';
import type { DeviceChange } from './store.ts';

export interface DriftWave {
  readonly close: (DeviceKey & { readonly key: string })[];
  readonly change: DriftRow[];
  readonly open: DriftRow[];
}

export interface EventRow extends Omit<NewEvent, 'received'> {
  readonly origin: string | null;
}

export interface RolloutRow extends DeviceKey {
  readonly revision: string;
}

export interface Gathered {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly statuses: ReadonlyMap<string, DeviceKey & { readonly status: Status }>;
  readonly waves: readonly DriftWave[];
  readonly events: readonly EventRow[];
  readonly troubles: readonly (DeviceKey & {
    readonly revision: string | null;
    readonly reason: string;
    readonly opened: number;
  })[];
  readonly desired: readonly RolloutRow[];
  readonly applied: readonly RolloutRow[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] };

export function gather(changes: readonly DeviceChange[]): Gathered {
  const entries = new Map<string, Entry>();
  const statuses = new Map<string, DeviceKey & { readonly status: Status }>();
  const lists: Mutable<Omit<Gathered, 'entries' | 'statuses'>> = {
    waves: [],
    events: [],
    troubles: [],
    desired: [],
    applied: [],
  };
  const wavesOf = new Map<string, number>();
  for (const { fleet, device, entry, effects } of changes) {
    const key = rosterKey(fleet, device);
    if (entry !== null) entries.set(key, entry);
    const drifts = effects.some(({ kind }) => kind.startsWith('drift-'));
    const wave = wavesOf.get(key) ?? 0;
    if (drifts) wavesOf.set(key, wave + 1);
    for (const effect of effects) {
      if (effect.kind === 'status') statuses.set(key, { fleet, device, status: effect.status });
      put(lists, wave, { fleet, device }, effect);
    }
  }
  return { entries, statuses, ...lists };
}

function put(
  lists: Mutable<Omit<Gathered, 'entries' | 'statuses'>>,
  wave: number,
  where: DeviceKey,
  effect: Effect,
): void {
  switch (effect.kind) {
    case 'status':
      return;
    case 'drift-open':
      waveAt(lists.waves, wave).open.push(driftRow(where, effect));
      return;
    case 'drift-change':
      waveAt(lists.waves, wave).change.push(driftRow(where, effect));
      return;
    case 'drift-close':
      waveAt(lists.waves, wave).close.push({ ...where, key: effect.key });
      return;
    case 'trouble-over': {
      const { reason, revision, since } = effect.trouble;
      lists.troubles.push({ ...where, reason, revision, opened: since });
      return;
    }
    case 'desired':
      lists.desired.push({ ...where, revision: effect.revision });
      return;
    case 'applied':
      lists.applied.push({ ...where, revision: effect.revision });
      return;
    case 'event': {
      const { received: _, ...event } = effect.event;
      lists.events.push({ ...event, origin: effect.origin });
      return;
    }
  }
}

function waveAt(waves: DriftWave[], index: number): DriftWave {
  const known = waves[index];
  if (known !== undefined) return known;
  const made: DriftWave = { close: [], change: [], open: [] };
  waves[index] = made;
  return made;
}
