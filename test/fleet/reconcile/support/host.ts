// A host with an agent on it: the world, the inventory, and the agent's loop around the pure core. Faults come in
// through `interrupt`; without it every step is carried out.

import type { ImageInspect } from '../../../../fleet/engine/inspect.ts';
import { hider } from '../../../../fleet/mask.ts';
import type { Desired } from '../../../../fleet/model/desired.ts';
import type { InventoryItem } from '../../../../fleet/model/inventory.ts';
import type { Observed } from '../../../../fleet/model/observed.ts';
import type { Plan, Step } from '../../../../fleet/model/plan.ts';
import { declaredInventory, itemBefore, settleInventory } from '../../../../fleet/reconcile/inventory.ts';
import { lookFor } from '../../../../fleet/reconcile/look.ts';
import { newlyCompleted } from '../../../../fleet/reconcile/one-shot.ts';
import { makePlan } from '../../../../fleet/reconcile/plan.ts';
import { formatPlan } from '../../../../fleet/reconcile/text.ts';
import { DEVICE, LIMITS, PATHS } from './desired.ts';
import { createWorld, type World } from './world.ts';

/** What befalls a step. `lost`: it takes effect and is reported as failed. */
export type Fate = 'done' | 'failed' | 'lost' | 'crash-before' | 'crash-after';

export interface RoundOptions {
  /** Called before each step. */
  readonly fate?: (step: Step) => Fate;
  /** Called after each step that took effect. */
  readonly after?: (step: Step) => void;
  /** Picks the next of several steps that could run. */
  readonly pick?: (ready: readonly Step[]) => Step;
}

export interface Round {
  readonly plan: Plan;
  readonly failed: readonly { readonly step: Step; readonly message: string }[];
  readonly skipped: readonly Step[];
  readonly crashed: boolean;
}

export interface Host {
  readonly world: World;
  inventory: InventoryItem[];
  /** The state was lost at some time: what Git declared before then is not known. */
  readonly forgetful: boolean;
  forget(): void;
  plan(desired: Desired, limits?: typeof LIMITS): Plan;
  /** What a look for a desired state finds. */
  observe(desired: Desired): Observed;
  /** The plan as text. */
  text(desired: Desired, limits?: typeof LIMITS): string;
  /** One cycle of the agent. */
  round(desired: Desired, options?: RoundOptions): Round;
  /** Rounds without faults until nothing is planned; throws when that takes too long. */
  converge(desired: Desired): void;
}

const MOST_ROUNDS = 6;

export function createHost(registry: readonly ImageInspect[], planner: typeof makePlan = makePlan): Host {
  const world = createWorld(registry);
  const host: Host & { forgetful: boolean } = {
    world,
    inventory: [],
    forgetful: false,
    forget() {
      host.inventory = [];
      host.forgetful = true;
    },
    plan: (desired, limits = LIMITS) =>
      planner({
        desired,
        observed: world.observe(lookFor(desired, host.inventory)),
        inventory: host.inventory,
        paths: PATHS,
        limits,
        hide: hider(desired.secretValues),
      }),
    observe: (desired) => world.observe(lookFor(desired, host.inventory)),
    text: (desired, limits) => formatPlan(host.plan(desired, limits)),
    round(desired, options = {}) {
      const plan = host.plan(desired);
      const declared = declaredInventory(desired, PATHS);
      const { failed, skipped, crashed } = carryOut(host, plan, declared, options);
      if (crashed) return { plan, failed, skipped, crashed };
      const unfinished = [...failed.map(({ step }) => step), ...skipped, ...plan.blocked];
      const observed = world.observe(lookFor(desired, host.inventory));
      const { put, remove } = settleInventory(
        host.inventory,
        declared,
        observed,
        DEVICE,
        new Set(unfinished.map(({ resource }) => resource)),
        ranIn(host, desired, observed),
      );
      for (const item of put) putItem(host, item);
      host.inventory = host.inventory.filter((item) => !remove.includes(item));
      return { plan, failed, skipped, crashed };
    },
    converge(desired) {
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const { plan, failed } = host.round(desired);
        if (plan.steps.length === 0) return;
        if (round === MOST_ROUNDS - 1)
          throw new Error(
            `does not converge:\n${formatPlan(plan)}\n${failed.map(({ message }) => message).join('\n')}`,
          );
      }
    },
  };
  return host;
}

/** What was seen to have run; planned again only where something was. */
function ranIn(host: Host, desired: Desired, observed: Observed): ReturnType<typeof newlyCompleted> {
  const ended = newlyCompleted(desired, PATHS, observed, host.inventory, []);
  if (ended.size === 0) return ended;
  return newlyCompleted(desired, PATHS, observed, host.inventory, host.plan(desired).differences);
}

function carryOut(
  host: Host,
  plan: Plan,
  declared: readonly InventoryItem[],
  { fate = () => 'done', after = () => {}, pick = ([first]) => first as Step }: RoundOptions,
): Omit<Round, 'plan'> {
  const done = new Set<string>();
  const failed: { step: Step; message: string }[] = [];
  const waiting = new Set(plan.steps);
  for (;;) {
    const ready = [...waiting].filter((step) => step.after.every((id) => done.has(id)));
    if (ready.length === 0) return { failed, skipped: [...waiting], crashed: false };
    const step = pick(ready);
    waiting.delete(step);
    const what = fate(step);
    if (what === 'crash-before') return { failed, skipped: [...waiting], crashed: true };
    const item = itemBefore(step, declared, host.inventory);
    if (item !== undefined) putItem(host, item);
    if (what === 'failed') {
      failed.push({ step, message: `${step.id}: failed` });
      continue;
    }
    try {
      host.world.execute(step);
    } catch (error) {
      failed.push({ step, message: `${step.id}: ${String(error)}` });
      continue;
    }
    after(step);
    if (what === 'crash-after') return { failed, skipped: [...waiting], crashed: true };
    if (what === 'lost') failed.push({ step, message: `${step.id}: lost answer` });
    else done.add(step.id);
  }
}

function putItem(host: Host, item: InventoryItem): void {
  host.inventory = [...host.inventory.filter(({ kind, name }) => kind !== item.kind || name !== item.name), item];
}
