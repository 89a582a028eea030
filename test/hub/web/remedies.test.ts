// Conditions in plain words: every reason has them, and every bad one a remedy.
import { expect, test } from 'vitest';
import { REASONS } from '../../../fleet/model/conditions.ts';
import { adviceFor, explain } from '../../../hub/web/words/remedies.ts';

const NOTHING_TO_DO = new Set(['Succeeded', 'Progressing']);

test('every reason is said in a sentence, and says what to do unless there is nothing to do', () => {
  for (const reason of REASONS) {
    const { says, remedy } = adviceFor(reason);
    expect(says, reason).toMatch(/^[A-Z].*\.$/);
    if (NOTHING_TO_DO.has(reason)) expect(remedy, reason).toBeNull();
    else expect(remedy, reason).toMatch(/^[A-Z].*\.$/);
  }
});

test('no two reasons say the same', () => {
  expect(new Set(REASONS.map((reason) => adviceFor(reason).says)).size).toBe(REASONS.length);
});

test('a reason of a newer agent is named, not hidden', () => {
  expect(adviceFor('MoonPhase').says).toContain('MoonPhase');
  expect(adviceFor('toString').says).toContain('toString');
});

test.each([
  ['Ready', 'True', 'Succeeded', 'good'],
  ['Ready', 'False', 'BuildFailed', 'bad'],
  ['Ready', 'False', 'DependencyNotReady', 'warn'],
  ['Ready', 'Unknown', 'Progressing', 'warn'],
  ['Reconciling', 'True', 'Progressing', 'busy'],
  ['Reconciling', 'True', 'ProgressingWithRetry', 'warn'],
  ['Stalled', 'True', 'VerificationError', 'bad'],
] as const)('%s %s with %s looks %s', (type, status, reason, tone) => {
  expect(explain({ type, status, reason }).tone).toBe(tone);
});
