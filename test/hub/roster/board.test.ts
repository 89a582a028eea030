import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HEALTH, PRESENCE, SYNC } from '../../../fleet/model/conditions.ts';
import { createBoard } from '../../../hub/roster/board.ts';
import { firstOf } from '../../../hub/roster/first.ts';
import { rowOf } from '../../../hub/store/device-row.ts';
import { boardOf, entry, item, START } from '../sample.ts';

const row = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  fleet: fc.constantFrom('acme', 'beta'),
  rev: fc.integer({ min: 1, max: 6 }),
  presence: fc.constantFrom(...PRESENCE),
  health: fc.constantFrom(...HEALTH),
  sync: fc.constantFrom(...SYNC),
  drift: fc.nat(3),
  applied: fc.constantFrom(null, 'main@sha1:1', 'main@sha1:2'),
});

test('in whichever order copies of rows come, the newest stays and the counts are those of what stayed', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
      const board = createBoard();
      const newest = new Map<string, (typeof rows)[number]>();
      for (const one of rows) {
        const { id, fleet, rev, applied, ...changes } = one;
        const revision = { desired: null, applied, last_good: null, signed_by: null };
        const put = board.put(rowOf(entry(item(id, { fleet, revision, ...changes })), rev));
        const known = newest.get(`${fleet}/${id}`);
        expect(put === null).toBe(known !== undefined && known.rev >= rev);
        if (put !== null) newest.set(`${fleet}/${id}`, one);
      }
      const stayed = [...newest.values()];
      const summary = board.summary(START);
      expect(summary.devices).toBe(stayed.length);
      for (const word of PRESENCE)
        expect(summary.presence[word]).toBe(stayed.filter((one) => one.presence === word).length);
      for (const word of HEALTH) expect(summary.health[word]).toBe(stayed.filter((one) => one.health === word).length);
      expect(summary.drift.open).toBe(stayed.reduce((sum, { drift }) => sum + drift, 0));
      expect(summary.revisions.reduce((sum, { devices }) => sum + devices, 0)).toBe(
        stayed.filter(({ applied }) => applied !== null).length,
      );
    }),
  );
});

test('the first of many are those that sorting would put first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (many, limit) => {
      expect(firstOf(many, limit, (a, b) => a - b)).toEqual([...many].sort((a, b) => a - b).slice(0, limit));
    }),
  );
});

test('an item comes out of the board as it went in', () => {
  const one = item('edge-01', {
    labels: { site: 'berlin' },
    apps: [{ name: 'kiosk', sync: 'Synced', health: 'Healthy' }],
  });
  expect(boardOf([one]).find('default', 'edge-01')).toEqual({ ...one, clash: false });
  expect(boardOf([one, item('edge-01', { fleet: 'beta' })]).named('edge-01')).toHaveLength(2);
});
