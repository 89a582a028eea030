// Begins the steps of a plan: says what they are, judges whether there is room for what they pull, and hands them to the works.
import type { HoldfastError } from '../../fleet/error.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { declaredInventory } from '../../fleet/reconcile/inventory.ts';
import { planText } from '../../fleet/reconcile/plan-text.ts';
import { summarise } from '../../fleet/reconcile/summary.ts';
import { type ApplyParts, applyPlan } from '../apply/apply-plan.ts';
import { imagesNamed } from './collect.ts';
import { createExecutor } from './executor.ts';
import type { Parts } from './parts.ts';
import type { Report } from './report.ts';
import type { SpecOf, Works } from './works.ts';

export interface Carried {
  readonly plan: Plan;
  readonly desired: Desired;
  readonly observed: Observed;
  readonly specOf: SpecOf;
  /** What has to stay on the host. */
  readonly keep: () => readonly Pick<Desired, 'apps'>[];
  /** The plan as it was measured, before its first step. */
  readonly onBegin: (plan: Plan) => Promise<unknown>;
}

/** Settles when the steps have ended, or while they go on. */
export async function carryOut(
  parts: Parts,
  { report, works }: { readonly report: Report; readonly works: Works },
  { plan: bare, desired, observed, specOf, keep, onBegin }: Carried,
  signal: AbortSignal,
): Promise<void> {
  const { images, log } = parts;
  const plan = await images.measure(bare, observed.engine, signal);
  const refused = await images.refuse(plan, observed.engine, () => imagesNamed(keep()), signal);
  const summary = summarise({ plan, desired, observed });
  log('info', `plan for ${planText(plan, summary)}`);
  report.begins(plan, summary);
  await onBegin(plan);
  const given = applyParts(parts, report, desired, refused);
  await works.begin(
    plan,
    {
      specOf,
      run: (inner, onEnded) => applyPlan(plan, { ...given, onEnded }, inner),
      onEnded: (work) => report.drifts.applied(work.plan, work.applied),
    },
    signal,
  );
}

function applyParts(parts: Parts, { drifts }: Report, desired: Desired, refused: HoldfastError | null): ApplyParts {
  const { store, paths, monotonicMs, log } = parts;
  return {
    ...{ inventory: store.inventory, monotonicMs, log },
    execute: createExecutor(parts, refused),
    declared: declaredInventory(desired, paths),
    putInventory: store.putInventory.bind(store),
    during: drifts.during,
  };
}
