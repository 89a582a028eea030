// After steps have ended: the inventory says what is applied now, and a revision that has nothing left to do is applied, until one
// of its apps is rolled back. Of apps of which steps are still under way it says nothing: those write their rows themselves, and
// a look is older than they are.
import type { Desired } from '../../fleet/model/desired.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { containerKey, resourceKey } from '../../fleet/names.ts';
import { suspendedApps } from '../../fleet/policy/hold.ts';
import { declaredInventory, settleInventory } from '../../fleet/reconcile/inventory.ts';
import { newlyCompleted } from '../../fleet/reconcile/one-shot.ts';
import type { Looked } from './health-gate.ts';
import type { Parts } from './parts.ts';
import type { Report } from './report.ts';

/** What a look after steps showed. `busy`: apps of which steps were under way when it was looked. */
export type Settled = Pick<Looked, 'effective' | 'observed' | 'plan' | 'ended' | 'busy'>;

/** `lastGood`: the newest revision in which every app was good. */
export function settle(
  { store, paths }: Pick<Parts, 'store' | 'paths'>,
  report: Report,
  { effective, observed, plan, ended, busy }: Settled,
  lastGood: string | null,
): void {
  const { desired, apps, waiting } = effective;
  const { failed, skipped } = ended;
  const isIdle = ({ app }: { readonly app: string }) => !busy.has(app);
  const declared = declaredInventory(desired, paths).filter(isIdle);
  const suspended = suspendedApps(desired);
  const unfinished = new Set([
    ...failed.map(({ step }) => step.resource),
    ...skipped.map(({ resource }) => resource),
    ...plan.blocked.map(({ resource }) => resource),
    ...heldBack(desired, plan),
  ]);
  const inventory = store.inventory().filter(isIdle);
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
