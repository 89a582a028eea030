// Ids, revisions and resource keys.
import { expect, test } from 'vitest';
import { formatRevision, isId, resourceKey, shortRevision } from '../../fleet/names.ts';

test.each(['a', 'edge-01', '0', 'a'.repeat(63), 'a--b-'])('%s is an id', (text) => {
  expect(isId(text)).toBe(true);
});

test.each(['', '-a', 'A', 'a_b', 'a.b', 'a/b', '+', '#', 'a'.repeat(64), 'ä', 'a\n', ' a', '__proto__'])(
  '%j is no id',
  (text) => {
    expect(isId(text)).toBe(false);
  },
);

test('a revision names its hash by the length of the commit', () => {
  expect(formatRevision('main', 'a'.repeat(40))).toBe(`main@sha1:${'a'.repeat(40)}`);
  expect(formatRevision('main', 'b'.repeat(64))).toBe(`main@sha256:${'b'.repeat(64)}`);
});

test('a revision is shortened for people, whatever its ref is called', () => {
  expect(shortRevision(`main@sha1:${'0123456789'.repeat(4)}`)).toBe('main@01234567');
  expect(shortRevision(`feature/a@b:c@sha1:${'f'.repeat(40)}`)).toBe('feature/a@b:c@ffffffff');
  expect(shortRevision('nonsense')).toBe('nonsense');
});

test('a resource key says what it is and whose', () => {
  expect(resourceKey('service', 'kiosk', 'web')).toBe('service:kiosk/web');
});
