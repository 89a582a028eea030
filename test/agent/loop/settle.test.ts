import { expect, it } from 'vitest';
import type { Report } from '../../../agent/loop/report.ts';
import { settle } from '../../../agent/loop/settle.ts';
import type { Store } from '../../../agent/store/store.ts';
import type { InventoryItem } from '../../../fleet/model/inventory.ts';
import { NO_ROLLOUT } from '../../../fleet/model/rollout.ts';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { declaredVersions, effectiveState } from '../../../fleet/rollout/effective.ts';
import { kiosk, PATHS, serviceOf } from '../../fleet/reconcile/support/desired.ts';
import { createHost } from '../../fleet/reconcile/support/host.ts';
import { REGISTRY } from '../../fleet/reconcile/support/images.ts';

const OLD = kiosk([serviceOf('web')]);

/** What is written after a look at a host that runs the old state while Git has another one. */
function settled(parts: { readonly suspend: boolean }, whole = true, busy: ReadonlySet<string> = new Set()) {
  const host = createHost(REGISTRY);
  host.converge(OLD);
  const desired = kiosk([serviceOf('web', { image: 'nginx:2' })], parts);
  const put: InventoryItem[] = [];
  const applied: string[] = [];
  const store = {
    inventory: () => host.inventory,
    putInventory: (item: InventoryItem) => put.push(item),
    applied: () => null,
    putApplied: (revision: string) => applied.push(revision),
  } as unknown as Store;
  const report = { event: () => undefined } as unknown as Report;
  const begun = { ...NO_ROLLOUT, begun: declaredVersions(OLD, []) };
  const effective = effectiveState(desired, [], begun, new Set(whole ? [] : ['kiosk']));
  const state = effective.desired;
  const observed = host.world.observe(lookFor(state, host.inventory));
  const looked = { effective, observed, plan: host.plan(state), ended: { failed: [], skipped: [] }, busy };
  settle({ store, paths: PATHS }, report, looked, null);
  return { put: put.map(({ name }) => name), applied };
}

it('what Git changes in a suspended app is not taken for applied, and holds the revision up no more than the app itself', () => {
  expect(settled({ suspend: true })).toEqual({ put: [], applied: [OLD.revision] });
});

it('a revision of which something waits for a window is not applied', () => {
  expect(settled({ suspend: false }, true).applied).toEqual([]);
  expect(settled({ suspend: false }, false)).toEqual({ put: [], applied: [] });
});
