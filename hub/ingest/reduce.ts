// The pure core of ingest: one device's entry, one message and the hub's time give the next entry and what to write.
// Owns ordering, takeover, clash and presence. No clock, no store; device strings are data that is never looked into.
import type { Status } from '../../fleet/wire/messages.ts';
import type { DeviceItem } from '../api/schemas.ts';
import { type Entry, FORMER_INSTANCES, type OpenDrift, type RosterEntry } from '../roster/entry.ts';
import { bareItem, type Origin, withStatus } from '../roster/item.ts';
import { partsOf } from '../roster/parts.ts';
import { driftIntervals } from './drift.ts';
import type { Effect } from './effects.ts';
import { hubEvent } from './hub-event.ts';
import type { DropCause, Message } from './parse.ts';
import { isReconciling, troubleAfter } from './trouble.ts';

/** A birth this much older than the newest one is a late message; further back, the device's clock was corrected. */
const REORDER_WINDOW_MS = 10 * 60_000;

export type Reduction =
  | { readonly kind: 'accepted'; readonly next: RosterEntry; readonly effects: readonly Effect[] }
  | { readonly kind: 'dropped'; readonly cause: DropCause };

type MessageOf<L extends Message['leaf']> = Extract<Message, { leaf: L }>;

const LATE = { kind: 'dropped', cause: 'late' } as const;
const DUPLICATE = { kind: 'dropped', cause: 'duplicate' } as const;

/** @param known undefined: the device is new. @param now hub clock, milliseconds */
export function reduce(known: RosterEntry | undefined, message: Message, now: number): Reduction {
  if (message.leaf === 'event') return reduceEvent(known, message, now);
  const replaces = known !== undefined && known.entry.instance !== message.body.instance;
  if (replaces && !takesOver(known.entry, message)) return LATE;
  const before = known === undefined ? undefined : replaces ? takeOver(known, message, now) : accepted(known);
  return message.leaf === 'presence' ? reducePresence(before, message, now) : reduceStatus(before, message, now);
}

/** The state a message meets, with what happened on the way to it. */
interface Before {
  readonly known: RosterEntry;
  readonly effects: readonly Effect[];
}

function accepted(known: RosterEntry): Before {
  return { known, effects: [] };
}

/** Another instance speaks: by its birth, or by being newer. An offline message never takes over. */
function takesOver(entry: Entry, message: MessageOf<'presence' | 'status'>): boolean {
  const newer = Date.parse(message.body.ts) > Date.parse(entry.ts);
  if (message.leaf === 'status') return newer;
  if (!message.body.online) return false;
  return newer || !(entry.former.includes(message.body.instance) || message.retained);
}

function takeOver(known: RosterEntry, message: MessageOf<'presence' | 'status'>, now: number): Before {
  const { entry } = known;
  const { instance, boot } = message.body;
  const clash = entry.former.includes(instance);
  const former = [entry.instance, ...entry.former.filter((one) => one !== instance)].slice(0, FORMER_INSTANCES);
  const next: Entry = {
    ...entry,
    instance,
    boot,
    seq: -1,
    ts: message.body.ts,
    former,
    births: { last: 0, before: 0 },
    offlineTs: 0,
    clashAt: clash ? now : entry.clashAt,
  };
  const { fleet, device } = message;
  const why = clash ? hubEvent(fleet, device, 'Clash', now) : hubEvent(fleet, device, 'NewInstance', now);
  const silent = clash && entry.clashAt !== null;
  return { known: { ...known, entry: next }, effects: silent ? [] : [why] };
}

function reducePresence(before: Before | undefined, message: MessageOf<'presence'>, now: number): Reduction {
  const { body, fleet, device } = message;
  const ts = Date.parse(body.ts);
  const entry = before?.known.entry ?? firstSeen(message, now, body.online ? 'online' : 'offline');
  if (before !== undefined) {
    if (body.boot < entry.boot) return LATE;
    // A quiet device repeats its birth to say that it is still there; after its goodbye that is only a late copy.
    if (body.online && ts === entry.births.last && entry.item.presence === 'offline') return DUPLICATE;
    if (body.online && ts < entry.births.last && ts > entry.births.last - REORDER_WINDOW_MS) return LATE;
    if (body.online && ts < entry.offlineTs && ts > entry.offlineTs - REORDER_WINDOW_MS) return LATE;
    if (!body.online && ts === entry.offlineTs && entry.item.presence === 'offline') return DUPLICATE;
    if (!body.online && ts <= entry.births.before && body.boot === entry.boot) return LATE;
  }
  const presence = body.online ? 'online' : 'offline';
  const was = before?.known.entry.item.presence;
  const quiet = presence === was || (was === undefined && message.retained);
  const births = body.online && ts !== entry.births.last ? { last: ts, before: entry.births.last } : entry.births;
  const next: Entry = {
    ...touched(entry, message, now),
    boot: body.boot,
    seq: body.boot > entry.boot ? -1 : entry.seq,
    births,
    offlineTs: body.online ? entry.offlineTs : ts,
  };
  const effects = [...(before?.effects ?? [])];
  if (!quiet) effects.push(hubEvent(fleet, device, body.online ? 'Online' : 'Offline', now));
  return done(next, presence, before?.known.open, effects);
}

function reduceStatus(before: Before | undefined, message: MessageOf<'status'>, now: number): Reduction {
  const { body, fleet, device } = message;
  const entry = before?.known.entry ?? firstSeen(message, now, 'online');
  if (before !== undefined) {
    const order = body.boot - entry.boot || body.seq - entry.seq;
    if (order === 0) return DUPLICATE;
    if (order < 0) return LATE;
  }
  const was = before?.known.entry.item.presence;
  const presence = presenceAfterStatus(entry, message);
  const effects = [...(before?.effects ?? [])];
  if (presence !== was && !(was === undefined && message.retained))
    effects.push(hubEvent(fleet, device, 'Online', now));
  const drift = driftIntervals(before?.known.open ?? new Map(), body);
  const trouble = troubleAfter(entry.trouble, body, now);
  effects.push({ kind: 'status', status: body }, ...drift.effects);
  if (entry.trouble !== null && entry.trouble !== trouble)
    effects.push({ kind: 'trouble-over', trouble: entry.trouble });
  effects.push(...revisionEffects(entry, body));
  const next = { ...touched(entry, message, now), boot: body.boot, seq: body.seq };
  const item = withStatus(next.item, body);
  const parts = partsOf(body);
  return done({ ...next, item, trouble, parts, reconciling: isReconciling(body) }, presence, drift.open, effects);
}

/** Only a move that was seen is one: what a device has from the start tells nothing about how long it took. */
function revisionEffects(entry: Entry, { revision }: Status): readonly Effect[] {
  const { desired, applied } = entry.item.revision;
  const effects: Effect[] = [];
  if (desired !== null && revision.desired !== null && revision.desired !== desired)
    effects.push({ kind: 'desired', revision: revision.desired });
  if (revision.applied !== null && revision.applied !== applied)
    effects.push({ kind: 'applied', revision: revision.applied });
  return effects;
}

/** Events are history: kept from whichever instance, in whichever order; the store writes each origin once. */
function reduceEvent(known: RosterEntry | undefined, message: MessageOf<'event'>, now: number): Reduction {
  const { body, fleet, device } = message;
  const { ts, severity, reason, text, revision, resource } = { ...body, text: body.message };
  const effect: Effect = {
    kind: 'event',
    origin: `${body.instance}/${body.boot}/${body.seq}`,
    event: { fleet, device, ts, severity, reason, message: text, revision, resource, received: iso(now) },
  };
  const entry = known?.entry ?? firstSeen(message, now, 'online');
  const current = entry.instance === body.instance;
  return done(current ? touched(entry, message, now) : entry, entry.item.presence, known?.open, [effect]);
}

/** Live news from a device means that it is there, unless the news is older than its goodbye. */
function presenceAfterStatus(entry: Entry, message: MessageOf<'status'>): DeviceItem['presence'] {
  const { presence } = entry.item;
  if (message.retained || presence === 'online') return presence;
  if (presence === 'offline' && Date.parse(message.body.ts) <= entry.offlineTs) return presence;
  return 'online';
}

function firstSeen(message: Message, now: number, presence: DeviceItem['presence']): Entry {
  const origin: Origin = message.body;
  return {
    item: bareItem(message.fleet, message.device, presence, seenIso(message, now)),
    instance: origin.instance,
    former: [],
    boot: origin.boot,
    seq: -1,
    ts: origin.ts,
    births: { last: 0, before: 0 },
    offlineTs: 0,
    seenAt: now,
    clashAt: null,
    reconciling: false,
    trouble: null,
    parts: '',
  };
}

/** A retained message says what was, not that the device is there now. */
function touched(entry: Entry, message: Message, now: number): Entry {
  const ts = Date.parse(message.body.ts) > Date.parse(entry.ts) ? message.body.ts : entry.ts;
  if (message.retained) return { ...entry, ts };
  return { ...entry, ts, seenAt: now, item: { ...entry.item, last_seen: iso(now) } };
}

function done(
  entry: Entry,
  presence: DeviceItem['presence'],
  open: OpenDrift | undefined,
  effects: readonly Effect[],
): Reduction {
  const item: DeviceItem = { ...entry.item, presence, clash: entry.clashAt !== null };
  return { kind: 'accepted', next: { entry: { ...entry, item }, open: open ?? new Map() }, effects };
}

function seenIso(message: Message, now: number): string {
  return message.retained ? iso(Math.min(now, Date.parse(message.body.ts))) : iso(now);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
