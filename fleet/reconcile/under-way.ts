// What a plan says while steps of an earlier one are still under way: nothing of the apps that those are of, since what a look
// shows of them is what their own steps have done so far. Pure.
import type { Plan, Step } from '../model/plan.ts';
import { withBound } from '../policy/hold.ts';

/** By app, the part of the plan that its steps were begun with. */
export type UnderWay = ReadonlyMap<string, Plan>;

/**
 * Of each app that is under way what was known when its steps began, and no step for it, nor for whoever has to wait for it. The
 * very plan, where none is.
 */
export function besides(plan: Plan, underWay: UnderWay): Plan {
  if (underWay.size === 0) return plan;
  const busy = new Set(underWay.keys());
  const held = withBound(plan, busy);
  const known = [...underWay.values()];
  const others = withoutApps(plan, busy);
  return {
    ...others,
    differences: [...others.differences, ...known.flatMap(({ differences }) => differences)],
    blocked: [...others.blocked, ...known.flatMap(({ blocked }) => blocked)],
    steps: others.steps.filter(({ app }) => !held.has(app)),
  };
}

/** What may begin while these apps are busy: apps as a whole. `held`: the steps of the others that have to wait for those. */
export function startable(
  plan: Plan,
  busy: ReadonlySet<string>,
): { readonly plan: Plan; readonly held: readonly Step[] } {
  const bound = withBound(plan, busy);
  const held = plan.steps.filter(({ app }) => bound.has(app) && !busy.has(app));
  return { plan: withoutApps(plan, bound), held };
}

/** Its part for one app. */
export function partOf(plan: Plan, app: string): Plan {
  const others = new Set([...plan.differences, ...plan.blocked, ...plan.steps].map((one) => one.app));
  others.delete(app);
  return withoutApps(plan, others);
}

function withoutApps(plan: Plan, apps: ReadonlySet<string>): Plan {
  const isOther = ({ app }: { readonly app: string }) => !apps.has(app);
  return {
    ...plan,
    differences: plan.differences.filter(isOther),
    steps: plan.steps.filter(isOther),
    blocked: plan.blocked.filter(isOther),
  };
}
