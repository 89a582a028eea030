import { expect, test } from 'vitest';
import { groupKey } from '../../../hub/alerts/evaluate.ts';
import { createMemory, factsOf, memoryKey, totalsOf } from '../../../hub/alerts/facts.ts';
import type { DeviceItem } from '../../../hub/api/schemas.ts';
import { createBoard } from '../../../hub/roster/board.ts';
import { rowOf } from '../../../hub/store/device-row.ts';
import { entry, item } from '../sample.ts';
import { min, rule } from './sample.ts';

const DESIRED = { desired: 'main@sha1:2', applied: 'main@sha1:1', last_good: null, signed_by: null };

const boardOf = (...devices: readonly (readonly [DeviceItem, number])[]) => {
  const board = createBoard();
  for (const [one, seenAt] of devices) board.put(rowOf(entry(one, { seenAt }), 1));
  return board;
};
const facts = (board: ReturnType<typeof boardOf>, changes: Partial<Parameters<typeof factsOf>[0]> = {}) =>
  factsOf({
    ...{
      listed: board.listed(),
      drift: [],
      find: board.held,
      since: new Map(),
      now: min(30),
      listeningSince: min(-60),
    },
    ...changes,
  }).map(({ when, device, since, until }) => [when, device, since, until]);

test.each<[what: string, one: DeviceItem, seenAt: number, expected: readonly (readonly unknown[])[]]>([
  ['one that is well', item('a'), min(29), []],
  ['one that is offline', item('a', { presence: 'offline' }), min(9), [['offline', 'a', min(9), min(30)]]],
  ['one that is stale', item('a', { presence: 'stale' }), min(9), [['offline', 'a', min(9), min(30)]]],
  ['one that runs badly', item('a', { health: 'Degraded' }), min(29), [['degraded', 'a', min(30), min(30)]]],
  [
    'one that does not run what is declared',
    item('a', { revision: DESIRED, reason: 'ImagePullFailed' }),
    min(29),
    [['stuck', 'a', min(30), min(30)]],
  ],
  ['one that waits as it was asked to', item('a', { revision: DESIRED, reason: 'Suspended' }), min(29), []],
  [
    'one that ran badly and is away: until it was last heard',
    item('a', { health: 'Degraded', presence: 'offline' }),
    min(9),
    [
      ['offline', 'a', min(9), min(30)],
      ['degraded', 'a', min(30), min(9)],
    ],
  ],
  [
    'one not heard since the hub listens',
    item('a', { health: 'Degraded' }),
    min(-61),
    [['degraded', 'a', min(30), min(-61)]],
  ],
])('%s', (_, one, seenAt, expected) => {
  expect(facts(boardOf([one, seenAt]))).toEqual(expected);
});

test('drift counts once for a device, a field and an app, from the oldest on, and not for a device that is gone', () => {
  const row = { fleet: 'default', device: 'a', app: 'kiosk', field: 'image', resource: 'service:kiosk/web' };
  const drift = [
    { ...row, opened: min(1) },
    { ...row, opened: min(2), resource: 'service:kiosk/db' },
    { ...row, opened: min(3), field: 'ports' },
    { ...row, opened: min(3), device: 'gone' },
  ];
  expect(facts(boardOf([item('a', { drift: 3 }), min(29)]), { drift })).toEqual([
    ['drift', 'a', min(1), min(30)],
    ['drift', 'a', min(3), min(30)],
  ]);
});

test('memory: since when it was seen; before the first look what the store knows; forgotten when it is over', () => {
  const memory = createMemory();
  const bad = boardOf([item('a', { health: 'Degraded' }), min(0)], [item('b', { health: 'Degraded' }), min(0)]);
  const key = (device: string) => memoryKey('degraded', 'default', device);
  expect(memory.first()).toBe(true);
  expect([...memory.look(bad.listed(), min(10), new Map([[key('a'), min(3)]]))]).toEqual([
    [key('a'), min(3)],
    [key('b'), min(10)],
  ]);
  expect(memory.first()).toBe(false);
  expect(memory.look(bad.listed(), min(11), new Map()).get(key('a'))).toBe(min(3));
  expect(memory.look(boardOf().listed(), min(12), new Map()).size).toBe(0);
  expect(memory.look(bad.listed(), min(13), new Map()).get(key('a'))).toBe(min(13));
});

test('totals: devices that a rule looks at, by fleet and the labels that it goes by', () => {
  const in_ = (site: string, id: string, fleet = 'acme') => [item(id, { labels: { site }, fleet }), min(0)] as const;
  const board = boardOf(in_('berlin', 'a'), in_('berlin', 'b'), in_('paris', 'c'), in_('berlin', 'a', 'other'));
  const [all, sites, paris] = [
    rule(),
    rule({ name: 's', by: ['site'] }),
    rule({ name: 'p', match: { site: 'paris' } }),
  ];
  const totals = totalsOf([all, sites, paris], board.listed());
  expect(totals.get(groupKey(all, 'acme', {}))).toBe(3);
  expect(totals.get(groupKey(sites, 'acme', { site: 'berlin' }))).toBe(2);
  expect(totals.get(groupKey(sites, 'other', { site: 'berlin' }))).toBe(1);
  expect(totals.get(groupKey(paris, 'acme', {}))).toBe(1);
});
