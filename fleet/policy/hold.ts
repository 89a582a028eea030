// The policy became stricter than what is in force: the apps that it denies are left as they are. Nothing of them is
// created, started, changed, stopped or removed; the other apps go on.
import type { Blocked, Plan } from '../model/plan.ts';

/** `denied`: apps, each with what is not allowed. Apps that wait for one of these are held whole, never half replaced. */
export function holdApps(plan: Plan, denied: ReadonlyMap<string, string>): Plan {
  if (denied.size === 0) return plan;
  const held = new Map<string, Blocked>();
  for (const [app, denial] of denied) {
    const message = `left as it is: ${denial}`;
    held.set(app, { resource: `app:${app}`, app, reason: 'PolicyDenied', message });
  }
  for (let more = boundTo(plan, held); more.length > 0; more = boundTo(plan, held)) {
    for (const [app, why] of more) {
      const message = `left as it is: ${why} an app that the policy of this host denies`;
      held.set(app, { resource: `app:${app}`, app, reason: 'DependencyNotReady', message });
    }
  }
  const steps = plan.steps.filter(({ app }) => !held.has(app));
  return { ...plan, steps, blocked: [...plan.blocked, ...held.values()] };
}

/** Apps that wait for a held one, and those that would replace a network under it, to which nothing would connect it again. */
function boundTo({ steps }: Plan, held: ReadonlyMap<string, unknown>): (readonly [string, string])[] {
  const of = steps.filter(({ app }) => held.has(app));
  const ids = new Set(of.map(({ id }) => id));
  const awaited = new Set(of.flatMap(({ after }) => after));
  const removed = new Set(steps.filter(({ kind }) => kind === 'remove-network').map(({ id }) => id));
  return steps
    .filter(({ app }) => !held.has(app))
    .flatMap(({ id, app, after }): (readonly [string, string])[] => {
      if (after.some((each) => ids.has(each))) return [[app, 'it waits for']];
      const replaces = awaited.has(id) && after.some((each) => removed.has(each));
      return replaces ? [[app, 'its network would be replaced under']] : [];
    });
}
