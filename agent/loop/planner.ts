// A look and the plan that follows from it. Where a look shows what the one before did, and nothing else has changed, it is the
// same plan: waiting costs little more than looking.
import type { Desired } from '../../fleet/model/desired.ts';
import type { InventoryItem } from '../../fleet/model/inventory.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { isSameLook } from '../../fleet/reconcile/same-look.ts';
import { look } from './look.ts';
import type { Parts } from './parts.ts';
import { planFor } from './plan-for.ts';
import type { Report } from './report.ts';
import { createWitness } from './witness.ts';

export interface Planned {
  readonly observed: Observed;
  /** The very plan of the call before, where nothing that it follows from has changed. */
  readonly plan: Plan;
}

/** `denied`: apps that the policy does not allow, each with what that is. `busy`: apps of which steps are under way. */
export type Planner = (
  desired: Desired,
  denied: ReadonlyMap<string, string>,
  busy: ReadonlySet<string>,
  signal: AbortSignal,
) => Promise<Planned>;

interface Made {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly inventory: readonly InventoryItem[];
  /** What else it follows from. */
  readonly rest: string;
  readonly plan: Plan;
}

export function createPlanner(parts: Parts, report: Report): Planner {
  const { store, paths, config, secrets, images } = parts;
  const witness = createWitness(parts, report.event);
  let last: Made | null = null;
  return async (desired, denied, busy, signal) => {
    const seen = await look({ ...parts, inventory: store.inventory }, desired, signal, busy);
    const moved = await images.moved(desired, seen.images, signal);
    const observed = witness({ ...seen, moved }, desired);
    const held = report.drifts.held();
    const inventory = store.inventory();
    const rest = JSON.stringify([[...denied], [...held]]);
    const same =
      last?.desired === desired &&
      last.inventory === inventory &&
      last.rest === rest &&
      isSameLook(last.observed, observed);
    if (last !== null && same) return last;
    const given = { inventory, paths, limits: config.limits, hide: secrets.hide, held };
    const plan = planFor(given, desired, observed, denied);
    last = { desired, observed, inventory, rest, plan };
    return last;
  };
}
