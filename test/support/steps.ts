// Steps as a plan would hold them, for tests that run one at a time.
import type { StepAction } from '../../fleet/model/plan.ts';

/** Adds what every step carries besides its action. */
export function asStep<A extends StepAction>(action: A) {
  return {
    id: '1',
    after: [],
    subject: 'test/web',
    app: 'test',
    resource: 'service:test/web',
    cause: 'a test',
    ...action,
  };
}
