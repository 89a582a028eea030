// What is left to do for a one-shot that has ended: one that ran to its end is not needed any more, one that failed runs again
// only for another spec.
import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference } from '../../model/plan.ts';
import { LABEL } from '../../names.ts';
import type { Declaration } from '../attribute.ts';
import { specOf } from '../attributes.ts';
import { type Matched, nameOf } from '../match.ts';
import { hasFailed, isOneShot, specsOf } from '../one-shot.ts';
import { NOTHING, type ServiceSteps } from './app-steps.ts';
import { unexpected } from './differences.ts';
import { isReplacement } from './fallback.ts';
import { frameOf } from './frame.ts';
import { LEFT_OVER, planRemoval } from './leftovers.ts';
import type { Scope } from './scope.ts';

/** It has run, and nothing of it is needed any more: what is left of other runs goes, and nothing is made. */
export function planCompleted(scope: Scope, declaration: Declaration, matched: Matched): ServiceSteps {
  const { app, service } = declaration;
  const { draft } = scope;
  const { main, leftovers, strangers } = matched;
  const frame = frameOf(app, service);
  draft.differences.push(...strangers.map((stranger) => unexpected(app, service, stranger)));
  const cleared = leftovers.map((one) => planRemoval(scope, one, frame, LEFT_OVER));
  if (main === undefined) return { ...NOTHING, completed: true };
  if (isAbandoned(main, specsOf(frame.resource, scope.inventory))) {
    draft.differences.push({ ...unexpected(app, service, main), origin: 'change' });
    planRemoval(scope, main, frame, 'it runs what is not declared any more');
  } else if (isReplacement(service, main) && strangers.every((one) => nameOf(one) !== service.container_name)) {
    // The update was interrupted just before its last step.
    const action = { kind: 'rename-container', container: main.inspect.Id, name: service.container_name } as const;
    const cause = `container_name: ${nameOf(main)} → ${service.container_name}`;
    draft.add(action, { ...frame, cause, after: cleared });
  }
  return { ...NOTHING, completed: true };
}

/** Still at work for a spec that Git took back, perhaps again and again. */
function isAbandoned({ inspect }: ObservedContainer, completedSpecs: readonly string[]): boolean {
  const up = ['running', 'restarting', 'paused'].includes(inspect.State.Status);
  return up && !completedSpecs.includes(inspect.Config.Labels?.[LABEL.spec] ?? '');
}

/** `anew`: Git has changed what failed, so that it is made again, though it might be changed in place; else it stays ended. */
export function afterFailedRun(
  declaration: Declaration,
  main: ObservedContainer | undefined,
  found: readonly Difference[],
): { readonly differences: readonly Difference[]; readonly anew: boolean } {
  const { app, service } = declaration;
  if (main === undefined || !isOneShot(app, service) || !hasFailed(main)) return { differences: found, anew: false };
  const changed = found.some(({ field, origin }) => field !== 'state' && origin === 'change');
  const anew = changed && main.inspect.Config.Labels?.[LABEL.spec] !== specOf(declaration);
  return { differences: anew ? found : found.filter(({ field }) => field !== 'state'), anew };
}
