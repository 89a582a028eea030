// The plan that the loop carries out and `plan` shows: one way to it, so that the two never differ.
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { holdApps, suspendedApps } from '../../fleet/policy/hold.ts';
import type { PlanInput } from '../../fleet/reconcile/plan/scope.ts';
import { makePlan } from '../../fleet/reconcile/plan.ts';

export type PlanParts = Omit<PlanInput, 'desired' | 'observed'>;

/** `denied`: apps that the policy does not allow, each with what that is. */
export function planFor(
  parts: PlanParts,
  desired: Desired,
  observed: Observed,
  denied: ReadonlyMap<string, string>,
): Plan {
  return holdApps(makePlan({ ...parts, desired, observed }), denied, suspendedApps(desired));
}
