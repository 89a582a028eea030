// After a plan was carried out: the inventory says what is applied now, and a revision that has nothing left to do is applied.
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { resourceKey } from '../../fleet/names.ts';
import { declaredInventory, settleInventory } from '../../fleet/reconcile/inventory.ts';
import type { Applied } from '../apply/apply-plan.ts';
import type { Parts } from './parts.ts';
import type { Report } from './report.ts';

/** `observed` and `plan` are from after the steps. */
export function settle(
  { store, paths }: Pick<Parts, 'store' | 'paths'>,
  report: Report,
  desired: Desired,
  observed: Observed,
  plan: Plan,
  { failed, skipped }: Applied,
): void {
  const unfinished = new Set([
    ...failed.map(({ step }) => step.resource),
    ...skipped.map(({ resource }) => resource),
    ...plan.blocked.map(({ resource }) => resource),
    ...heldBack(desired, plan),
  ]);
  const { put, remove } = settleInventory(
    store.inventory(),
    declaredInventory(desired, paths),
    observed,
    desired.device,
    unfinished,
  );
  for (const item of put) store.putInventory(item);
  for (const item of remove) store.removeInventory(item.kind, item.name);
  const complete = unfinished.size === 0 && plan.differences.every(({ origin }) => origin === 'drift');
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
    .flatMap((app) => app.services.map((service) => resourceKey('service', app.name, service.name)));
}
