// Finding one difference among many.
import { expect, test } from 'vitest';
import { findDrift } from '../../../hub/web/pages/drift/drift-search.ts';
import { fixtureDevices, fixtureDrift } from './fixture-fleet.ts';

const NOW = Date.parse('2026-11-20T12:00:00.000Z');
const ITEMS = fixtureDevices(1, NOW).flatMap((device) => fixtureDrift(device, NOW));

const found = (text: string) => findDrift(ITEMS, text).map((item) => item.field ?? item.kind);

test('no text finds everything', () => {
  expect(findDrift(ITEMS, ' ')).toBe(ITEMS);
  expect(ITEMS.length).toBeGreaterThan(2);
});

test('field, value, kind, device and revision are looked at, and every word must be found', () => {
  expect(found('environment.tz')).toEqual(['environment.TZ']);
  expect(found('nginx-debug')).toEqual(['command']);
  expect(found('missing')).toEqual(['missing']);
  expect(found('edge-001 utc')).toEqual(['environment.TZ']);
  expect(found('edge-002')).toEqual([]);
});

test('the key of a group finds its members', () => {
  expect(found(ITEMS[0]?.revision ?? 'none')).toHaveLength(ITEMS.length);
  expect(found('kiosk/web')).toEqual(['environment.TZ', 'command', 'mem_limit']);
});
