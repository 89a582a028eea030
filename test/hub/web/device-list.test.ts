// The fleet table's content: what a page brings, what the stream changes, what a filter lets through.
import { expect, test } from 'vitest';
import { HEALTH, PRESENCE, SYNC } from '../../../fleet/model/conditions.ts';
import {
  DEVICES_MAX,
  EMPTY_LIST,
  matches,
  withDevices,
  withPage,
  worstFirst,
} from '../../../hub/web/data/device-list.ts';
import { NO_FILTER } from '../../../hub/web/route/route.ts';
import { boardOf } from '../sample.ts';
import { device } from './sample.ts';

const ids = (list: { items: ReadonlyMap<string, { id: string }> }) => [...list.items.values()].map(({ id }) => id);

test('devices come in the order in which the hub sends its pages', () => {
  const all = HEALTH.flatMap((health) =>
    SYNC.flatMap((sync) =>
      PRESENCE.flatMap((presence) =>
        [0, 3].flatMap((drift) =>
          [true, false].map((clash) =>
            device(`${health}-${sync}-${presence}-${drift}-${clash}`, { health, sync, presence, drift, clash }),
          ),
        ),
      ),
    ),
  );
  const page = boardOf(all).select({ labels: [], sort: 'worst', limit: all.length });
  expect(worstFirst(all)).toEqual(page?.items);
  expect(page?.items).toHaveLength(HEALTH.length * SYNC.length * PRESENCE.length * 4);
});

test('a device that the stream changes is changed in place, without touching the list before', () => {
  const before = withPage(EMPTY_LIST, { items: [device('edge-01')], next: null });
  const after = withDevices(before, [device('edge-01', { health: 'Degraded' })], NO_FILTER);
  expect(after.items.get('acme/edge-01')?.health).toBe('Degraded');
  expect(before.items.get('acme/edge-01')?.health).toBe('Healthy');
});

test('a device that no longer matches the filter leaves the list', () => {
  const query = { ...NO_FILTER, health: 'Degraded' } as const;
  const before = withPage(EMPTY_LIST, { items: [device('edge-01', { health: 'Degraded' })], next: null });
  expect(withDevices(before, [device('edge-01')], query).items.size).toBe(0);
});

test('a new device enters a complete list, and a partial one only within the loaded ranks', () => {
  const loaded = { items: [device('edge-05', { health: 'Degraded' })], next: 'cursor' };
  const partial = withPage(EMPTY_LIST, loaded);
  expect(ids(withDevices(partial, [device('edge-99')], NO_FILTER))).toEqual(['edge-05']);
  expect(ids(withDevices(partial, [device('edge-01', { health: 'Degraded' })], NO_FILTER))).toContain('edge-01');
  const complete = withPage(EMPTY_LIST, { ...loaded, next: null });
  expect(ids(withDevices(complete, [device('edge-99')], NO_FILTER))).toContain('edge-99');
});

test('a word older than the page does not undo the page', () => {
  const page = withPage(EMPTY_LIST, { items: [device('edge-01', { health: 'Degraded' })], next: null });
  const late = device('edge-01', { last_seen: '2026-11-20T11:00:00.000Z' });
  expect(withDevices(page, [late], NO_FILTER).items.get('acme/edge-01')?.health).toBe('Degraded');
});

test('devices of two fleets with one id are two devices', () => {
  const page = { items: [device('edge-01'), device('edge-01', { fleet: 'other' })], next: null };
  expect(withPage(EMPTY_LIST, page).items.size).toBe(2);
});

test('the list never holds more than its bound, and drops the least bad', () => {
  const items = Array.from({ length: DEVICES_MAX + 5 }, (_, at) => device(`edge-${at}`));
  const list = withPage(EMPTY_LIST, { items: [...items, device('bad', { health: 'Degraded' })], next: null });
  expect(list.items.size).toBe(DEVICES_MAX);
  expect(list.items.has('acme/bad')).toBe(true);
});

test('text finds what it finds at the hub', () => {
  const one = device('edge-01', {
    labels: { site: 'berlin' },
    reason: 'BuildFailed',
    message: 'services.web.prots: unknown key',
    apps: [{ name: 'kiosk', sync: 'Synced', health: 'Healthy' }],
  });
  const atHub = (q: string) => boardOf([one]).select({ q, labels: [], sort: 'worst', limit: 1 })?.items.length === 1;
  for (const q of ['EDGE', 'berlin', 'site=berlin', 'buildfailed', 'prots', 'kiosk', 'acme', 'unknown key', '']) {
    expect(matches(one, { ...NO_FILTER, q }), q).toBe(true);
    expect(atHub(q), q).toBe(true);
  }
  for (const q of ['hamburg', 'kiosk berlin', 'edge-02']) {
    expect(matches(one, { ...NO_FILTER, q }), q).toBe(false);
    expect(atHub(q), q).toBe(false);
  }
});

test('sync, health and presence each have to be the wanted one', () => {
  const one = device('edge-01');
  expect(matches(one, { ...NO_FILTER, sync: 'OutOfSync' })).toBe(false);
  expect(matches(one, { ...NO_FILTER, health: 'Degraded' })).toBe(false);
  expect(matches(one, { ...NO_FILTER, presence: 'stale' })).toBe(false);
  expect(matches(one, { q: '', sync: 'Synced', health: 'Healthy', presence: 'online' })).toBe(true);
});
