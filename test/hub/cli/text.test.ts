import { expect, test } from 'vitest';
import { table } from '../../../hub/cli/table.ts';
import { age, ago, bytes, safe, safeLines } from '../../../hub/cli/text.ts';

test.each([
  ['escape sequences', '\u001b[2J\u001b]0;title\u0007gone', 'gone'],
  ['line breaks become a space', 'a\r\nb\tc', 'a b c'],
  ['direction tricks', 'exe\u202egnp.txt', 'exegnp.txt'],
  ['C1 controls', 'a\u009b31mb', 'ab'],
  ['NUL and backspace', 'a\u0000\bb', 'ab'],
  ['zero width', 'a\u200bb', 'ab'],
  ['other scripts stay', 'Größe 東京 ✓', 'Größe 東京 ✓'],
])('safe: %s', (_, given, expected) => {
  expect(safe(given)).toBe(expected);
});

test.each([
  [0, '0s'],
  [59_999, '59s'],
  [3 * 60_000, '3m'],
  [47 * 3_600_000, '47h'],
  [72 * 3_600_000, '3d'],
  [-5, '0s'],
])('%i ms are %s', (ms, expected) => {
  expect(age(ms)).toBe(expected);
});

test('ago knows now, before, and nonsense', () => {
  const now = Date.parse('2026-01-01T00:03:00Z');
  expect(ago('2026-01-01T00:00:00Z', now)).toBe('3m ago');
  expect(ago('2026-01-01T00:03:00Z', now)).toBe('just now');
  expect(ago('nonsense', now)).toBe('never');
});

test('bytes', () => {
  expect([0, 1536, 150 * 2 ** 20, 2 ** 41].map(bytes)).toEqual(['0 B', '1.5 KiB', '150 MiB', '2.0 TiB']);
});

test('the widest column gives way first, and says so', () => {
  expect(table(['A', 'B'], [['short', 'x'.repeat(50)]], 30)).toBe(`A      B\nshort  ${'x'.repeat(22)}…\n`);
});

test('wide characters keep the columns aligned', () => {
  expect(
    table(
      ['A', 'B'],
      [
        ['東京', '1'],
        ['abcd', '2'],
      ],
      null,
    ),
  ).toBe('A     B\n東京  1\nabcd  2\n');
});

test('a diagnostic keeps its lines, its caret under its column, and nothing that moves the cursor', () => {
  expect(safeLines('a.yaml:1:5: bad\n    key: x\u001b[2K\n    ^^^', '  ')).toBe(
    '  a.yaml:1:5: bad\n      key: x\n      ^^^',
  );
});
