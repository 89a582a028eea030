import { expect, test } from 'vitest';
import type { Status } from '../../../fleet/wire/messages.ts';
import { parseMessage } from '../../../hub/ingest/parse.ts';
import { reduce } from '../../../hub/ingest/reduce.ts';
import type { Entry } from '../../../hub/roster/entry.ts';
import { changedParts } from '../../../hub/roster/parts.ts';
import { START, status } from '../sample.ts';

const before = entryAfter(status());
const web = status().apps[0]?.services[0];

function entryAfter(body: Status): Entry {
  const parsed = parseMessage('holdfast/v1/acme/edge-01/status', Buffer.from(JSON.stringify(body)), false);
  const reduction = parsed.ok ? reduce(undefined, parsed.message, START) : null;
  if (reduction?.kind !== 'accepted') throw new Error('not taken');
  return reduction.next.entry;
}

const withService = (changes: object) =>
  status().apps.map((app) => ({ ...app, services: web === undefined ? [] : [{ ...web, ...changes }] }));

test.each([
  ['nothing', {}, []],
  ['how much memory is used', { changes: 3 }, []],
  ['a label', { labels: { site: 'elsewhere' } }, ['labels']],
  ['the health of an app', { apps: status().apps.map((app) => ({ ...app, health: 'Degraded' })) }, ['apps']],
  ['how often a service restarted', { apps: withService({ restarts: 9 }) }, ['services']],
  ['the name of a service', { apps: withService({ name: 'other' }) }, ['apps', 'services']],
  ['an app that goes', { apps: [] }, ['apps', 'services']],
] as const)('%s: what is written again', (_what, changes, written) => {
  const after = entryAfter({ ...status(), ...changes } as Status);
  const found = Object.entries(changedParts(before, after)).flatMap(([part, changed]) => (changed ? [part] : []));
  expect(found).toEqual(written);
});

test('a device of which nothing was written is written whole', () => {
  const whole = { labels: true, apps: true, services: true };
  expect(changedParts(undefined, before)).toEqual(whole);
  expect(changedParts({ ...before, parts: '' }, before)).toEqual(whole);
});
