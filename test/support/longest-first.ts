// The order of files: the long ones first, so that the workers end together. Known by name, since on a fresh clone nobody has
// measured anything.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest first; what is not here takes less. */
const LONG = [
  'real-world.test.ts',
  'crash.test.ts',
  'drift-matrix.test.ts',
  'keys.test.ts',
  'outage.test.ts',
  'start-first.test.ts',
  'trust.test.ts',
  'rollback.test.ts',
  'one-shot.test.ts',
  'start.test.ts',
  'change.test.ts',
  'in-place.test.ts',
  'secrets.test.ts',
  'drift.test.ts',
  'drift-rules.test.ts',
  // Of the unit tests.
  'differential/content.test.ts',
  'simulation.test.ts',
  'trust/differential.test.ts',
  'import.test.ts',
  'plan-start-first.test.ts',
  'fuzz.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((one, other) => rank(one) - rank(other));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const found = LONG.findIndex((name) => moduleId.endsWith(`/${name}`));
  return found === -1 ? LONG.length : found;
}
