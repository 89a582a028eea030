import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HEALTH, PRESENCE, SYNC } from '../../../fleet/model/conditions.ts';
import type { DeviceItem } from '../../../hub/api/schemas.ts';
import { type Selection, SORTS } from '../../../hub/roster/select.ts';
import { badness, FINE } from '../../../hub/roster/worst.ts';
import { boardOf, item, START } from '../sample.ts';

const selectDevices = (items: readonly DeviceItem[], selection: Selection) => boardOf(items).select(selection);
const wrongOf = (one: DeviceItem) => badness(one) < FINE;

const devices = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,5}$/),
    fleet: fc.constantFrom('acme', 'beta'),
    presence: fc.constantFrom(...PRESENCE),
    health: fc.constantFrom(...HEALTH),
    sync: fc.constantFrom(...SYNC),
    drift: fc.nat(3),
  }),
  { selector: ({ id, fleet }) => `${fleet}/${id}`, maxLength: 30 },
);

test('whatever the sort and the page size, pages hold every device exactly once and in order', () => {
  fc.assert(
    fc.property(devices, fc.constantFrom(...SORTS), fc.integer({ min: 1, max: 7 }), (some, sort, limit) => {
      const items = some.map(({ id, ...changes }) => item(id, changes));
      const whole = selectDevices(items, { labels: [], sort, limit: 500 })?.items;
      const paged: typeof items = [];
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const page = selectDevices(items.toReversed(), { labels: [], sort, limit, cursor: cursor ?? undefined });
        paged.push(...(page?.items ?? []));
        cursor = page?.next ?? null;
      }
      expect(paged).toEqual(whole);
      expect(paged).toHaveLength(items.length);
    }),
  );
});

test('worst first: nothing that is well comes before something that is wrong', () => {
  fc.assert(
    fc.property(devices, (some) => {
      const items = some.map(({ id, ...changes }) => item(id, changes));
      const wrong = selectDevices(items, { labels: [], sort: 'worst', limit: 500 })?.items.map(wrongOf) ?? [];
      expect(wrong).toEqual([...wrong].sort((a, b) => Number(b) - Number(a)));
      const summary = boardOf(items).summary(START);
      expect(summary.worst.every(wrongOf)).toBe(true);
      expect(summary.worst).toHaveLength(Math.min(10, wrong.filter(Boolean).length));
    }),
  );
});

test('a device that changes between two pages hides no other', () => {
  const first = selectDevices([item('a'), item('b'), item('c')], { labels: [], sort: 'id', limit: 1 });
  const rest = selectDevices([item('b'), item('c'), item('aa')], {
    labels: [],
    sort: 'id',
    limit: 9,
    cursor: first?.next ?? '',
  });
  expect(rest?.items.map(({ id }) => id)).toEqual(['aa', 'b', 'c']);
});

test('a label called constructor is not there unless it was set', () => {
  const select = (label: string) =>
    selectDevices([item('a', { labels: { x: 'y' } })], { labels: [label], sort: 'id', limit: 9 })?.items.length;
  expect([select('constructor'), select('x'), select('x=y'), select('x=z'), select('=')]).toEqual([0, 1, 1, 0, 0]);
});
