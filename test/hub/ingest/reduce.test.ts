import { expect, test } from 'vitest';
import type { EventMessage, PresenceMessage, Status } from '../../../fleet/wire/messages.ts';
import type { Effect } from '../../../hub/ingest/effects.ts';
import { CLASH_QUIET_MS, expire } from '../../../hub/ingest/expire.ts';
import type { Message } from '../../../hub/ingest/parse.ts';
import { reduce } from '../../../hub/ingest/reduce.ts';
import type { RosterEntry } from '../../../hub/roster/entry.ts';
import { at, drift, event, presence, START, status } from '../sample.ts';

const MINUTE = 60_000;

type Body = PresenceMessage | Status | EventMessage;

function message(body: Body, retained = false): Message {
  const from = { fleet: 'acme', device: 'edge-01', retained };
  if ('online' in body) return { ...from, leaf: 'presence', body };
  if ('sync' in body) return { ...from, leaf: 'status', body };
  return { ...from, leaf: 'event', body };
}

/** Runs messages one second apart and prints what became of each. */
function run(bodies: readonly Body[], retained = false) {
  let known: RosterEntry | undefined;
  const lines: string[] = [];
  const effects: Effect[] = [];
  for (const [index, body] of bodies.entries()) {
    const result = reduce(known, message(body, retained), START + index * 1000);
    if (result.kind === 'dropped') {
      lines.push(`dropped ${result.cause}`);
      continue;
    }
    known = result.next;
    effects.push(...result.effects);
    const events = result.effects.flatMap((one) => (one.kind === 'event' ? [` +${one.event.reason}`] : []));
    lines.push(`${known.entry.item.presence} ${known.entry.item.sync}${events.join('')}`);
  }
  if (known === undefined) throw new Error('nothing was accepted');
  return { lines, known, effects, item: known.entry.item };
}

test('the first birth makes the device known and online', () => {
  expect(run([presence()]).lines).toEqual(['online Unknown +Online']);
});

test('within an instance the highest (boot, seq) wins, in whichever order messages come', () => {
  const { lines, item } = run([
    status({ seq: 5, sync: 'OutOfSync' }),
    status({ seq: 3, sync: 'Synced' }),
    status({ boot: 2, seq: 1, sync: 'Synced', ts: at(9) }),
    status({ boot: 1, seq: 99, sync: 'Unknown', ts: at(99) }),
  ]);
  expect(lines).toEqual(['online OutOfSync +Online', 'dropped late', 'online Synced', 'dropped late']);
  expect(item.sync).toBe('Synced');
});

test('a repeated status is a duplicate and changes nothing', () => {
  expect(run([status(), status()]).lines).toEqual(['online Synced +Online', 'dropped duplicate']);
});

test('a repeated birth says that a quiet device is still there', () => {
  const { lines, item } = run([presence(), presence(), presence()]);
  expect(lines).toEqual(['online Unknown +Online', 'online Unknown', 'online Unknown']);
  expect(Date.parse(item.last_seen)).toBe(START + 2000);
});

test('a will after repeated births still counts, and a late copy of the birth after it does not', () => {
  const births = [presence({ ts: at(1) }), presence({ ts: at(1) }), presence({ ts: at(1) })];
  const { lines } = run([...births, presence({ online: false, ts: at(0) }), presence({ ts: at(1) })]);
  expect(lines.slice(3)).toEqual(['offline Unknown +Offline', 'dropped duplicate']);
});

test('a will that is older than its own birth still makes the device offline', () => {
  const { lines } = run([presence({ ts: at(1) }), presence({ ts: at(0), online: false })]);
  expect(lines).toEqual(['online Unknown +Online', 'offline Unknown +Offline']);
});

test('the late will of the connection before does not make a reconnected device offline', () => {
  const { lines } = run([
    presence({ ts: at(1) }),
    presence({ ts: at(11) }),
    presence({ ts: at(0), online: false }),
    presence({ ts: at(10), online: false }),
  ]);
  expect(lines).toEqual(['online Unknown +Online', 'online Unknown', 'dropped late', 'offline Unknown +Offline']);
});

test('a birth that is older than the goodbye comes late', () => {
  const { lines } = run([presence({ ts: at(5) }), presence({ ts: at(8), online: false }), presence({ ts: at(6) })]);
  expect(lines).toEqual(['online Unknown +Online', 'offline Unknown +Offline', 'dropped late']);
});

test('a birth after the clock was set back by hours counts all the same', () => {
  const { lines } = run([
    presence({ ts: at(50_000) }),
    presence({ ts: at(50_001), online: false }),
    presence({ ts: at(3) }),
  ]);
  expect(lines.at(-1)).toBe('online Unknown +Online');
});

test('a new instance takes over with its birth, even when its clock is at 1970', () => {
  const { lines, known } = run([
    presence(),
    status({ seq: 900 }),
    presence({ instance: 'two', ts: '1970-01-01T00:00:05.000Z' }),
    status({ instance: 'two', seq: 1, ts: '1970-01-01T00:00:06.000Z', sync: 'OutOfSync' }),
  ]);
  expect(lines).toEqual(['online Unknown +Online', 'online Synced', 'online Synced +NewInstance', 'online OutOfSync']);
  expect(known.entry.clashAt).toBeNull();
});

test('what a replaced instance said before comes late: status and will', () => {
  const { lines } = run([
    presence({ ts: at(1) }),
    presence({ instance: 'two', ts: at(20) }),
    status({ instance: 'one', seq: 7, ts: at(15) }),
    presence({ instance: 'one', ts: at(25), online: false }),
  ]);
  expect(lines.slice(2)).toEqual(['dropped late', 'dropped late']);
});

test('an unknown instance takes over with a newer status, and not with an older one', () => {
  const { lines } = run([
    status({ ts: at(10) }),
    status({ instance: 'two', ts: at(5) }),
    status({ instance: 'two', ts: at(11), sync: 'OutOfSync' }),
  ]);
  expect(lines).toEqual(['online Synced +Online', 'dropped late', 'online OutOfSync +NewInstance']);
});

test('two instances that alternate are a clash, reported once', () => {
  const { lines, item, known } = run([
    presence({ ts: at(0) }),
    presence({ instance: 'two', ts: at(1) }),
    presence({ instance: 'one', ts: at(2) }),
    presence({ instance: 'two', ts: at(3) }),
    status({ instance: 'one', ts: at(4) }),
  ]);
  expect(lines).toEqual([
    'online Unknown +Online',
    'online Unknown +NewInstance',
    'online Unknown +Clash',
    'online Unknown',
    'online Synced',
  ]);
  expect(item.clash).toBe(true);
  const calm = expire(known, START + CLASH_QUIET_MS + MINUTE, 1e9, START);
  expect(calm?.next.entry.item.clash).toBe(false);
});

test('live news bring a silent device back online; retained news do not', () => {
  const { known } = run([presence(), status()]);
  const silent = expire(known, START + 6 * MINUTE, 5 * MINUTE, START);
  expect(silent?.next.entry.item.presence).toBe('stale');
  expect(silent?.effects.map((one) => (one.kind === 'event' ? one.event.reason : one.kind))).toEqual(['Stale']);
  const next = { ...status({ seq: 2, ts: at(400) }) };
  const retained = reduce(silent?.next, message(next, true), START + 7 * MINUTE);
  const live = reduce(silent?.next, message(next, false), START + 7 * MINUTE);
  expect(retained.kind === 'accepted' && retained.next.entry.item.presence).toBe('stale');
  expect(live.kind === 'accepted' && live.next.entry.item.presence).toBe('online');
});

test('silence while no hub listened is not held against a device', () => {
  const { known } = run([presence()]);
  const restarted = START + 60 * MINUTE;
  expect(expire(known, restarted + MINUTE, 5 * MINUTE, restarted)).toBeNull();
  expect(expire(known, restarted + 6 * MINUTE, 5 * MINUTE, restarted)).not.toBeNull();
});

test('retained messages at first sight raise no events: no storm when a hub joins a big fleet', () => {
  expect(run([presence()], true).lines).toEqual(['online Unknown']);
  expect(run([status()], true).lines).toEqual(['online Synced']);
});

test('drift opens once, follows its value, and closes', () => {
  const { effects, known } = run([
    status({ seq: 1, drift: [drift()] }),
    status({ seq: 2, drift: [drift()] }),
    status({ seq: 3, drift: [drift({ observed: 'Asia/Tokyo' }), drift({ field: 'image' })] }),
    status({ seq: 4, drift: [drift({ field: 'image' })] }),
  ]);
  expect(effects.flatMap(({ kind }) => (kind.startsWith('drift') ? [kind] : []))).toEqual([
    'drift-open',
    'drift-change',
    'drift-open',
    'drift-close',
  ]);
  expect(known.open.size).toBe(1);
});

test('a snapshot that was cut closes no drift', () => {
  const { effects, item } = run([
    status({ seq: 1, drift: [drift(), drift({ field: 'image' })] }),
    status({ seq: 2, drift: [drift()], cut: { apps: 0, drift: 1 } }),
  ]);
  expect(effects.some(({ kind }) => kind === 'drift-close')).toBe(false);
  expect(item.drift).toBe(2);
});

test('the condition that matters most is shown: Stalled, else Reconciling, else Ready', () => {
  const ready = { type: 'Ready', status: 'False', reason: 'Progressing', message: 'a', since: at(0) } as const;
  const stalled = { type: 'Stalled', status: 'True', reason: 'BuildFailed', message: 'b', since: at(0) } as const;
  expect(run([status({ conditions: [ready, stalled] })]).item).toMatchObject({ reason: 'BuildFailed', message: 'b' });
});

test('events are history: kept from a replaced instance too, and they carry where they come from', () => {
  const { lines, effects } = run([
    presence(),
    presence({ instance: 'two', ts: at(1) }),
    event({ instance: 'one', seq: 4 }),
  ]);
  expect(lines.at(-1)).toBe('online Unknown +DriftDetected');
  expect(effects.at(-1)).toMatchObject({ kind: 'event', origin: 'one/1/4' });
});
