import { describe, expect, it } from 'vitest';
import { weightOf } from '../../../fleet/compose/resolve/weight.ts';
import { MAX_READ, MAX_STATE } from '../../../fleet/compose/variables/variables.ts';
import { resolveCompose, saidOf } from '../repo/resolving.ts';

const lines = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join('');

describe('what one device may be made of', () => {
  it('is refused when files of variables are named too often', () => {
    const size = 200 * 1024;
    const times = Math.ceil(MAX_READ / size) + 1;
    const compose = `services:\n${lines(times, (i) => `  s${i}: {image: a, env_file: big.env}\n`)}`;
    const said = saidOf(resolveCompose(compose, { 'big.env': `# ${'x'.repeat(size - 3)}\n` }));
    expect(said).toEqual(["the device's files of variables are named so often that they come to more than 8192 KiB"]);
  });

  it('is refused when its state becomes too large', () => {
    const value = 'x'.repeat(60_000);
    const times = Math.ceil(MAX_STATE / value.length) + 1;
    const compose = `x-a: &a\n  A: ${value}\nservices:\n${lines(times, (i) => `  s${i}: {image: a, environment: *a}\n`)}`;
    const said = saidOf(resolveCompose(compose));
    expect(said.length).toBeGreaterThan(0);
    for (const one of said)
      expect(one).toMatch(/^services\.s\d+: with this service, the state of the device becomes too large$/);
  });

  it('is weighed about as its JSON, and no further than asked', () => {
    const value = { a: ['text', 1, null, { b: true }], c: { d: 'more' } };
    expect(weightOf(value, 1000)).toBeGreaterThanOrEqual(JSON.stringify(value).length);
    expect(
      weightOf(
        Array.from({ length: 1000 }, () => 'x'.repeat(100)),
        500,
      ),
    ).toBeLessThan(1000);
  });
});
