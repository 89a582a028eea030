// What keeps a device from where Git wants it, as a cycle found it.
import { messageOf, reasonOf } from '../../fleet/error.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { shortRevision } from '../../fleet/names.ts';
import type { Effective, InForce } from '../../fleet/rollout/effective.ts';
import type { Failure } from '../../fleet/status.ts';
import type { Applied } from '../apply/apply-plan.ts';

/** What the plan will not do. Only a person or a commit can end it, but for dependencies, which may yet appear. */
export function blockedFailures(plan: Plan | null): Failure[] {
  return (plan?.blocked ?? []).map(({ resource, reason, message }) => ({
    key: `blocked ${resource}`,
    reason,
    message: `${resource}: ${message}`,
    stalled: reason !== 'DependencyNotReady',
  }));
}

/** What kept several steps from being done is told once. */
export function stepFailures({ failed }: Pick<Applied, 'failed'>): (Failure & { readonly app?: string })[] {
  const byError = Map.groupBy(failed, ({ error }) => error);
  return [...byError].map(([error, all]) => {
    const steps = all.map(({ step }) => step);
    const [first, ...others] = new Set(steps.map(({ app }) => app));
    return {
      key: `step ${steps[0]?.resource}`,
      ...(first === undefined || others.length > 0 ? {} : { app: first }),
      reason: reasonOf(error),
      message: `${steps.map(({ subject }) => subject).join(', ')}: ${messageOf(error)}`,
      stalled: false,
    };
  });
}

/** What runs is not what Git declares until a commit or a person says what to do. */
export function rolledBackFailures(effective: Effective | null): Failure[] {
  return [...(effective?.apps.values() ?? [])].flatMap((one) =>
    one.quarantined === null
      ? []
      : [
          {
            key: `rolled back ${one.app.name} ${one.quarantined.spec}`,
            reason: 'RolledBack',
            message: rolledBackText(one),
            stalled: true,
            told: true,
          },
        ],
  );
}

/** `kiosk: main@2b is in quarantine: kiosk/web: unhealthy; main@1a runs again. …` */
export function rolledBackText({ app, revision, quarantined }: InForce): string {
  if (quarantined === null) return '';
  const failed = `${app.name}: ${shortRevision(quarantined.revision)} is in quarantine: ${quarantined.message}`;
  return `${failed}; ${shortRevision(revision)} runs again. A new commit or "holdfast-agent retry ${app.name}" tries it`;
}

/** First what only a person or a commit can end. */
export function inOrderOfUrgency(failures: readonly Failure[]): Failure[] {
  return failures.toSorted((a, b) => Number(b.stalled) - Number(a.stalled));
}
