// Times, values and sizes as people read them.
import { expect, test } from 'vitest';
import { agentConfig } from '../../../hub/web/pages/fleet/first-steps.ts';
import { duration, exactTime, relativeTime } from '../../../hub/web/words/relative-time.ts';
import {
  driftSides,
  percent,
  plural,
  resourceText,
  shareText,
  shortDigest,
  sizeText,
  valueText,
} from '../../../hub/web/words/value.ts';

const NOW = Date.parse('2026-11-20T12:00:00.000Z');
const before = (ms: number) => new Date(NOW - ms).toISOString();

test('the distance to now is said in its largest unit', () => {
  const said = [0, 4000, 12_000, 59_999, 60_000, 3_599_000, 3_600_000, 90_000_000].map((ms) =>
    relativeTime(before(ms), NOW),
  );
  expect(said).toEqual(['now', 'now', '12s ago', '59s ago', '1m ago', '59m ago', '1h ago', '1d ago']);
});

test('the future and what is no time are said as such', () => {
  expect(relativeTime(before(-180_000), NOW)).toBe('in 3m');
  expect(relativeTime('', NOW)).toBe('never');
  expect(exactTime('soon')).toBe('not known');
  expect(exactTime('2026-11-20T12:00:00.123Z')).toBe('2026-11-20 12:00:00 UTC');
  expect(duration(93_120_000)).toBe('1d');
});

test('a value keeps its text; nothing, an empty text and an empty list are told apart', () => {
  expect(valueText('  two  spaces')).toBe('  two  spaces');
  expect(valueText(['nginx', '-g'])).toBe('nginx\n-g');
  expect(valueText(false)).toBe('false');
  expect(valueText(0)).toBe('0');
  expect([null, '', []].map(valueText)).toEqual(['not set', '(empty)', '(empty list)']);
});

test('each kind of drift has its two sides', () => {
  const none = { desired: null, observed: null };
  expect(driftSides({ kind: 'field', desired: 'a', observed: null })).toEqual({ declared: 'a', live: 'not set' });
  expect(driftSides({ kind: 'missing', ...none })).toEqual({ declared: 'present', live: 'not there' });
  expect(driftSides({ kind: 'unexpected', ...none })).toEqual({ declared: 'not declared', live: 'present' });
});

test('a service is named as app/service, other resources with their kind', () => {
  expect(resourceText('service:kiosk/web')).toBe('kiosk/web');
  expect(resourceText('network:kiosk/front')).toBe('network kiosk/front');
  expect(resourceText('plain')).toBe('plain');
});

test('sizes, digests and counts are short', () => {
  expect([0, 512, 1024, 1.7 * 1024 ** 3, 200 * 1024 ** 2].map(sizeText)).toEqual([
    '0 B',
    '512 B',
    '1.0 KiB',
    '1.7 GiB',
    '200 MiB',
  ]);
  expect(shortDigest(`sha256:${'ab34cd56'.repeat(8)}`)).toBe('ab34cd56ab34');
  expect([plural(1, 'device'), plural(1200, 'device')]).toEqual(['1 device', '1,200 devices']);
});

test('a percentage is 100 only for all, and 0 only for nothing', () => {
  expect([percent(1, 10_000), percent(9_999, 10_000), percent(0, 5), percent(9, 4), percent(1, 0)]).toEqual([
    1, 99, 0, 100, 0,
  ]);
  expect([shareText(159, 200), shareText(1, 1), shareText(0, 0)]).toEqual(['79.5%', '100%', '0%']);
});

test('the first configuration names this hub, an IPv6 one in brackets', () => {
  expect(agentConfig('hub.example.com')).toContain('url: mqtt://hub.example.com:1883');
  expect(agentConfig('::1')).toContain('url: mqtt://[::1]:1883');
  expect(agentConfig('[::1]')).toContain('url: mqtt://[::1]:1883');
});
