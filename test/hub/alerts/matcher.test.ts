import { describe, expect, test } from 'vitest';
import { createTest, matcherText, parseMatcher } from '../../../hub/alerts/matcher.ts';
import { createSilence } from '../../../hub/alerts/new-silence.ts';
import { createSilencing } from '../../../hub/alerts/silences.ts';
import { at, START } from '../sample.ts';

test.each([
  ['site=berlin', { site: 'berlin' }, true],
  ['site = "berlin"', { site: 'berlin' }, true],
  ['site=berlin', { site: 'berlin2' }, false],
  ['site=berlin', {}, false],
  ['site=', {}, true],
  ['site!=berlin', {}, true],
  ['site!=berlin', { site: 'berlin' }, false],
  ['device=~edge-0.*', { device: 'edge-01' }, true],
  ['device=~edge', { device: 'edge-01' }, false],
  ['device=~edge-01|edge-02', { device: 'edge-02' }, true],
  ['device!~edge-0.*', { device: 'edge-01' }, false],
  ['constructor=~.*x.*', {}, false],
])('%s on %j: %j', (text, labels, expected) => {
  const matcher = parseMatcher(text);
  expect(matcher).not.toBeNull();
  expect(createTest(matcher === null ? [] : [matcher])(labels)).toBe(expected);
  expect(parseMatcher(matcherText(matcher ?? { name: 'x', op: '=', value: '' }))).toEqual(matcher);
});

test.each([
  '',
  'site',
  '=berlin',
  'site~berlin',
  'a=~(',
  'a=~(a+)+$',
  'a=~(a|a)*',
  'a=~.*.*.*',
  'a=~\\1',
  `a=${'x'.repeat(300)}`,
])('%j is no matcher', (text) => {
  expect(parseMatcher(text)).toBeNull();
});

describe('a silence that is asked for', () => {
  const asked = { matchers: ['site=berlin'], ends: at(3600), reason: 'new switch' };
  test.each([
    [{}, { starts: START, ends: START + 3_600_000, by: 'anna', reason: 'new switch' }],
    [{ starts: at(60) }, { starts: START + 60_000 }],
  ])('%j', (changes, expected) => {
    expect(createSilence({ ...asked, ...changes }, 'anna', START)).toMatchObject(expected);
  });
  test.each([
    [{ matchers: ['site'] }, /"site" is not a matcher; write name=value/],
    [{ ends: at(-1) }, /over before it begins/],
    [{ starts: at(7200) }, /over before it begins/],
    [{ ends: '2030-01-01T00:00:00Z' }, /a year at most/],
  ])('%j is refused', (changes, said) => {
    expect(createSilence({ ...asked, ...changes }, 'anna', START)).toMatch(said);
  });
});

test('what holds now: silences between their times, and maintenance while its window is open', () => {
  const silence = { id: '1', matchers: [{ name: 'site', op: '=' as const, value: 'berlin' }], by: 'anna', reason: '' };
  const made = { ...silence, starts: START, ends: START + 60_000 };
  // The sample's start is a Sunday, noon in UTC.
  const window = { cron: '30 13 * * SUN', durationMs: 3_600_000, timeZone: 'Europe/Berlin' };
  const planned = { name: 'sunday', window, match: { site: 'berlin' } };
  const ids = (now: number) => createSilencing([made], [planned], now)?.({ site: 'berlin' }) ?? null;
  expect(ids(START)).toEqual(['1']);
  expect(ids(START + 60_000)).toBeNull();
  expect(ids(START + 30 * 60_000)).toEqual(['maintenance/sunday']);
  expect(createSilencing([made], [planned], START + 30 * 60_000)?.({ site: 'paris' })).toEqual([]);
  expect(ids(START + 90 * 60_000)).toBeNull();
});
