// Links: every place can be linked to, and a wrong link is harmless.
import { expect, test } from 'vitest';
import { FLEET, hrefOf, isFiltered, NO_FILTER, parseRoute, type Route } from '../../../hub/web/route/route.ts';

const PLACES: readonly Route[] = [
  FLEET,
  { page: 'fleet', query: { q: 'site=berlin & more', sync: 'OutOfSync', health: 'Degraded', presence: 'stale' } },
  { page: 'device', fleet: null, id: 'edge-01' },
  { page: 'device', fleet: 'acme', id: 'edge-01' },
  { page: 'device', fleet: 'acme', id: 'odd/name?#' },
  { page: 'events', severity: null },
  { page: 'events', severity: 'error' },
  { page: 'drift', by: 'field', q: '' },
  { page: 'drift', by: 'revision', q: '' },
  { page: 'drift', by: null, q: 'environment.TZ' },
];

test.each(PLACES)('a link to $page leads where it was made for', (route) => {
  expect(parseRoute(hrefOf(route))).toEqual(route);
});

test('no hash at all is the fleet', () => {
  expect(parseRoute('')).toEqual(FLEET);
  expect(parseRoute('#')).toEqual(FLEET);
});

test('what a link says wrongly is dropped', () => {
  expect(parseRoute('#/?health=Sick&sync=Synced')).toEqual({
    page: 'fleet',
    query: { ...NO_FILTER, sync: 'Synced' },
  });
  expect(parseRoute('#/events?severity=loud')).toEqual({ page: 'events', severity: null });
  expect(parseRoute('#/drift?by=colour')).toEqual({ page: 'drift', by: 'field', q: '' });
  expect(parseRoute('#/devices/%zz')).toEqual({ page: 'device', fleet: null, id: '%zz' });
});

test('an unknown path is nowhere, not the fleet', () => {
  expect(parseRoute('#/moon').page).toBe('nowhere');
  expect(parseRoute('#/devices/a/b/c').page).toBe('nowhere');
});

test('a query is filtered as soon as one part is set', () => {
  expect(isFiltered(NO_FILTER)).toBe(false);
  expect(isFiltered({ ...NO_FILTER, q: 'x' })).toBe(true);
  expect(isFiltered({ ...NO_FILTER, presence: 'online' })).toBe(true);
});
