// Apps that are left as they are: the policy became stricter than what is in force, or Git says `suspend`. Nothing of them is
// created, started, changed, stopped or removed; the other apps go on.
import type { Desired } from '../model/desired.ts';
import type { Blocked, Plan } from '../model/plan.ts';

/**
 * `denied`: apps, each with what is not allowed; `suspended`: apps that are left alone on purpose, which is no fault. Apps that
 * wait for one of these are held whole, never half replaced.
 */
export function holdApps(
  plan: Plan,
  denied: ReadonlyMap<string, string>,
  suspended: ReadonlySet<string> = new Set(),
): Plan {
  if (denied.size + suspended.size === 0) return plan;
  const held = new Map<string, Blocked | null>([...suspended].map((app) => [app, null]));
  for (const [app, denial] of denied) {
    if (suspended.has(app)) continue;
    const message = `left as it is: ${denial}`;
    held.set(app, { resource: `app:${app}`, app, reason: 'PolicyDenied', message });
  }
  const why = denied.size === 0 ? 'is suspended' : 'the policy of this host denies';
  for (let more = boundTo(plan, held); more.length > 0; more = boundTo(plan, held)) {
    for (const [app, bond] of more) {
      const message = `left as it is: ${bond} an app that ${why}`;
      held.set(app, { resource: `app:${app}`, app, reason: 'DependencyNotReady', message });
    }
  }
  const steps = plan.steps.filter(({ app }) => !held.has(app));
  const blocked = plan.blocked.filter(({ app }) => !suspended.has(app));
  return { ...plan, steps, blocked: [...blocked, ...[...held.values()].filter((one) => one !== null)] };
}

/** These apps, and those that would have to wait for them: whoever does is left whole, never half replaced. */
export function withBound(plan: Plan, apps: ReadonlySet<string>): ReadonlySet<string> {
  const held = new Set(apps);
  for (let more = boundTo(plan, held); more.length > 0; more = boundTo(plan, held))
    for (const [app] of more) held.add(app);
  return held;
}

/** The apps that Git suspends. */
export function suspendedApps({ apps }: Desired): ReadonlySet<string> {
  return new Set(apps.filter(({ suspend }) => suspend).map(({ name }) => name));
}

/** `till is suspended (suspend: true): left as found`; nothing where the whole device is. */
export function suspendedText(desired: Desired): string[] {
  const names = desired.suspend ? [] : [...suspendedApps(desired)];
  if (names.length === 0) return [];
  return [`${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} suspended (suspend: true): left as found`];
}

/** Apps that wait for a held one, and those that would replace a network under it, to which nothing would connect it again. */
function boundTo({ steps }: Plan, held: Pick<ReadonlySet<string>, 'has'>): (readonly [string, string])[] {
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
