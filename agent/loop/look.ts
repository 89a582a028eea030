// One look at everything that a desired state concerns: the Engine and the content store, as one snapshot.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Desired } from '../../fleet/model/desired.ts';
import type { InventoryItem } from '../../fleet/model/inventory.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import { LABEL } from '../../fleet/names.ts';
import { lookFor } from '../../fleet/reconcile/look.ts';
import type { Parts } from './parts.ts';

export type LookParts = Pick<Parts, 'config' | 'engine' | 'content'> & {
  readonly inventory: () => readonly InventoryItem[];
};

/** A removal under way holds the container's name: what follows is planned when it is over, or after this long all the same. */
const REMOVAL_MS = 10_000;
const REMOVAL_LOOK_MS = 100;

/** `busy`: apps of which steps are under way, for whose removals nobody waits. */
export async function look(
  parts: LookParts,
  desired: Desired,
  signal: AbortSignal,
  busy: ReadonlySet<string> = new Set(),
): Promise<Observed> {
  for (let looks = 1; ; looks++) {
    const observed = await lookOnce(parts, desired, signal);
    const removing = observed.containers.some(
      ({ inspect: { State, Config } }) => State.Status === 'removing' && !busy.has(Config.Labels?.[LABEL.app] ?? ''),
    );
    if (!removing || looks * REMOVAL_LOOK_MS >= REMOVAL_MS) return observed;
    await sleep(REMOVAL_LOOK_MS, undefined, { signal });
  }
}

async function lookOnce(
  { config, engine, content, inventory }: LookParts,
  desired: Desired,
  signal: AbortSignal,
): Promise<Observed> {
  const { contents, live, ...names } = lookFor(desired, inventory());
  const [engineSide, states] = await Promise.all([
    engine.observe({ device: config.device, ...names }, signal),
    content.look(contents, signal, live),
  ]);
  return { ...engineSide, content: states };
}
