// After a plan was carried out: the inventory says what is applied now, and a revision that has nothing left to do is
// applied, until one of its apps is rolled back.
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { containerKey, resourceKey } from '../../fleet/names.ts';
import { suspendedApps } from '../../fleet/policy/hold.ts';
import { declaredInventory, settleInventory } from '../../fleet/reconcile/inventory.ts';
import { newlyCompleted } from '../../fleet/reconcile/one-shot.ts';
import type { Effective } from '../../fleet/rollout/effective.ts';
import type { Applied } from '../apply/apply-plan.ts';
import type { Parts } from './parts.ts';
import type { Report } from './report.ts';

/** `observed` and `plan` are from after the steps. */
export function settle(
  { store, paths }: Pick<Parts, 'store' | 'paths'>,
  report: Report,
  { desired, apps, waiting }: Effective,
  observed: Observed,
  plan: Plan,
  { failed, skipped }: Applied,
  lastGood: string | null,
): void {
  const declared = declaredInventory(desired, paths);
  const suspended = suspendedApps(desired);
  const unfinished = new Set([
    ...failed.map(({ step }) => step.resource),
    ...skipped.map(({ resource }) => resource),
    ...plan.blocked.map(({ resource }) => resource),
    ...heldBack(desired, plan),
  ]);
  const inventory = store.inventory();
  const { put, remove } = settleInventory(
    inventory,
    declared,
    observed,
    desired.device,
    new Set([...unfinished, ...declared.flatMap(({ app, resource }) => (suspended.has(app) ? [resource] : []))]),
    newlyCompleted(desired, paths, observed, inventory, plan.differences),
  );
  for (const item of put) store.putInventory(item);
  for (const item of remove) store.removeInventory(item.kind, item.name);
  const done = plan.differences.every(
    ({ app, origin, left }) => origin === 'drift' || left !== undefined || suspended.has(app),
  );
  // Where an app was rolled back or waits for a window, the revision as a whole is not what runs.
  const rolledBack = [...apps.values()].some(({ quarantined }) => quarantined !== null);
  if (rolledBack && lastGood !== null && store.applied() === desired.revision) store.putApplied(lastGood);
  const whole = waiting.length === 0 && !rolledBack;
  const complete = whole && done && unfinished.size === 0;
  if (!complete || store.applied() === desired.revision) return;
  store.putApplied(desired.revision);
  const message = `applied ${desired.revision}`;
  report.event({ severity: 'info', reason: 'Succeeded', message, revision: desired.revision, resource: null });
}

/** Services that may wait for a blocked network or volume of their app: not recorded as applied before that is settled. */
function heldBack(desired: Desired, plan: Plan): string[] {
  const apps = new Set(plan.blocked.filter(({ resource }) => !resource.startsWith('service:')).map(({ app }) => app));
  return desired.apps
    .filter(({ name }) => apps.has(name))
    .flatMap((app) => app.services.map((service) => resourceKey('service', app.name, containerKey(service))));
}
