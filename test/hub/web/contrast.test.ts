// Text can be read: every pair of text colour and ground that the styles use reaches WCAG AA, light and dark.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('../../../hub/web/style/tokens.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');
const LIGHT = tokens(light);
const DARK = { ...LIGHT, ...tokens(dark) };

const PAIRS: readonly (readonly [string, string])[] = [
  ...['ink', 'ink-2', 'ink-3', 'accent', 'good', 'busy', 'warn', 'bad', 'calm'].flatMap((text) =>
    ['panel', 'ground', 'sunken'].map((ground) => [text, ground] as const),
  ),
  ['ink', 'good-soft'],
  ['ink-2', 'good-soft'],
  ['ink', 'warn-soft'],
  ['ink-2', 'warn-soft'],
  ['ink', 'bad-soft'],
  ['warn', 'warn-soft'],
  ['accent', 'accent-soft'],
  ['bad', 'accent-soft'],
  ['warn', 'accent-soft'],
  ['good', 'accent-soft'],
  ['calm', 'accent-soft'],
  ['busy', 'accent-soft'],
  ['on-accent', 'accent'],
];

test.each(PAIRS)('%s on %s is readable in both schemes', (text, ground) => {
  expect(contrast(LIGHT[text], LIGHT[ground]), 'light').toBeGreaterThanOrEqual(4.5);
  expect(contrast(DARK[text], DARK[ground]), 'dark').toBeGreaterThanOrEqual(4.5);
});

test('controls and marks stand out from what they lie on', () => {
  for (const mark of ['control', 'good-fill', 'warn-fill', 'bad-fill', 'busy-fill']) {
    expect(contrast(DARK[mark], DARK.panel), `${mark}, dark`).toBeGreaterThanOrEqual(3);
  }
  for (const mark of ['control', 'good-fill', 'bad-fill', 'busy-fill']) {
    expect(contrast(LIGHT[mark], LIGHT.panel), `${mark}, light`).toBeGreaterThanOrEqual(3);
  }
});

function tokens(text: string): Record<string, string> {
  const found = [...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)];
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value]));
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) throw new Error('A colour is missing in tokens.css.');
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
