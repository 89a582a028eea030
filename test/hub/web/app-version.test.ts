// Which version of an app runs, in plain words.
import { expect, test } from 'vitest';
import { versionWords } from '../../../hub/web/words/app-version.ts';

const DESIRED = 'main@sha1:bbbbbbbbbbbb';
const app = { name: 'kiosk', sync: 'OutOfSync', revision: 'main@sha1:aaaaaaaaaaaa' } as const;

test('a version in quarantine is said with what runs in its place, and what to do', () => {
  const quarantined = { revision: DESIRED, reason: 'HealthCheckFailed', since: '2026-11-20T12:00:00Z' } as const;
  expect(versionWords({ ...app, quarantined }, DESIRED)).toEqual({
    tone: 'bad',
    says: 'main@bbbbbbbb failed (HealthCheckFailed) and is in quarantine; main@aaaaaaaa runs.',
    remedy: 'Correct it and commit, or run “holdfast-agent retry kiosk” on the host.',
  });
});

test('a change that waits is said without alarm', () => {
  expect(versionWords(app, DESIRED)).toMatchObject({
    tone: 'busy',
    says: expect.stringMatching(/^main@aaaaaaaa runs/),
  });
});

test.each([
  ['what is declared runs', { ...app, revision: DESIRED }],
  ['it is in sync with what is in force', { ...app, sync: 'Synced' } as const],
  ['an older agent does not tell', { name: 'kiosk', sync: 'OutOfSync' } as const],
])('nothing is said where %s', (_why, given) => {
  expect(versionWords(given, DESIRED)).toBeNull();
});
