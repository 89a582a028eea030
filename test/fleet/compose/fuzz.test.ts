// No input breaks the loader: whatever the bytes, one device resolves to desired state or to placed diagnostics, in
// bounded time and memory. Same seed, same inputs; HOLDFAST_FUZZ_RUNS raises their number.
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Files } from '../repo/tree.ts';
import { createBounded } from './fuzz/bounded.ts';
import { anyFleet } from './fuzz/fleet.ts';
import { anyProject } from './fuzz/grammar.ts';
import { HOSTILE } from './fuzz/hostile.ts';
import { mutated } from './fuzz/mutate.ts';

const RUNS = Number(process.env.HOLDFAST_FUZZ_RUNS ?? 150);
const SEED = Number(process.env.HOLDFAST_FUZZ_SEED ?? 1);
/** For one kind of input: all its runs, and shrinking when one fails. */
const TIMEOUT_MS = 60_000 + RUNS * 400;

const bounded = createBounded();
afterAll(() => bounded.stop());

async function never(inputs: fc.Arbitrary<Files>): Promise<void> {
  const property = fc.asyncProperty(inputs, async (files) => {
    expect(await bounded.check(files)).toBe('');
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
}

describe('what was made to break a loader is resolved or refused', () => {
  it.each(Object.entries(HOSTILE))('%s', { timeout: TIMEOUT_MS }, async (_, files) => {
    expect(await bounded.check(files)).toBe('');
  });
});

describe('any input is resolved or refused', { timeout: TIMEOUT_MS }, () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const letters = fc.string({ unit: fc.constantFrom(...'[]{}:-?&*!|>%@`\'"#,\n\t $a0<=.~/\\\r'), maxLength: 200 });

  it('any bytes', () =>
    never(
      fc.record({ 'compose.yaml': bytes, '.env': bytes, 'device.yaml': fc.option(bytes, { freq: 3 }) }).map(present),
    ));
  it('any text', () =>
    never(
      fc.record({ 'compose.yaml': fc.oneof(letters, fc.string({ unit: 'binary', maxLength: 200 })), '.env': letters }),
    ));
  it('a file that was good once', () => never(mutated));
  it('a project of every key, with values right and wrong', () => never(anyProject));
  it('a fleet.yaml and a device.yaml of every key, with values right and wrong', () => never(anyFleet));
});

function present(files: Record<string, Uint8Array | null>): Files {
  return Object.fromEntries(Object.entries(files).flatMap(([path, bytes]) => (bytes === null ? [] : [[path, bytes]])));
}
