// Why a version of an app cannot work, from how its steps ended. What is no fault of the version (a registry or an Engine that is away,
// a full disk, a name that is taken, a policy) is none here: that is tried again.
import { HoldfastError } from '../error.ts';
import type { Reason } from '../model/conditions.ts';
import type { Observed } from '../model/observed.ts';
import type { Blocked, Step } from '../model/plan.ts';
import { isLost, nameOf, startFailure } from '../reconcile/match.ts';

export interface Fault {
  readonly reason: Reason;
  readonly message: string;
}

export interface Ended {
  readonly failed: readonly { readonly step: Step; readonly error: unknown }[];
  readonly skipped: readonly Step[];
}

/** null: there is none. `observed`: after the steps. */
export function faultOf(
  app: string,
  { failed }: Pick<Ended, 'failed'>,
  blocked: readonly Blocked[],
  observed: Observed,
): Fault | null {
  for (const { step, error } of failed) {
    if (step.app !== app || !(error instanceof HoldfastError)) continue;
    const message = `${step.subject}: ${error.message}`;
    if (error.code === 'HealthCheckFailed') return { reason: 'HealthCheckFailed', message };
    if (error.code === 'DockerRefused' && isUnstartable(step, observed))
      return { reason: 'ReconciliationFailed', message };
  }
  // What the Engine cannot do, or did not start in an earlier cycle, of which nothing else is known.
  const refused = blocked.find((one) => one.app === app && (one.reason === 'ReconciliationFailed' || one.hopeless));
  if (refused === undefined) return null;
  const reason = refused.hopeless ? 'HealthCheckFailed' : refused.reason;
  return { reason, message: `${refused.resource}: ${refused.message}` };
}

/** The Engine was asked to run it and could not: not that somebody took it away in the meantime. */
function isUnstartable(step: Step, { containers }: Observed): boolean {
  if (step.kind !== 'start-container' && step.kind !== 'restart-container') return false;
  const asked = containers.find((one) => one.inspect.Id === step.container || nameOf(one) === step.container);
  return asked !== undefined && startFailure(asked) !== undefined && !isLost(asked);
}
