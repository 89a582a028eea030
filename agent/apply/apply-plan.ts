// Carries out a plan: every step as soon as what it waits for has succeeded, a bounded number at a time. Decides nothing:
// a failed step fails what waits for it, everything else goes on.
import { messageOf } from '../../fleet/error.ts';
import type { InventoryItem } from '../../fleet/model/inventory.ts';
import type { Plan, Step, StepOf } from '../../fleet/model/plan.ts';
import { itemBefore } from '../../fleet/reconcile/inventory.ts';
import { verb } from '../../fleet/reconcile/text.ts';
import type { Log } from '../loop/parts.ts';

export type Executor = { readonly [K in Step['kind']]: (step: StepOf<K>, signal: AbortSignal) => Promise<void> };

export interface ApplyParts {
  readonly execute: Executor;
  /** What the inventory will say of every declared resource: written before the resource is created. */
  readonly declared: readonly InventoryItem[];
  readonly inventory: () => readonly InventoryItem[];
  readonly putInventory: (item: InventoryItem) => void;
  /** Images that are pulled at once. They take the place of no other step. */
  readonly parallelPulls: number;
  readonly monotonicMs: () => number;
  readonly log: Log;
  /** Around each step: what the Engine tells in the meantime is the agent's own doing. */
  readonly during?: (step: Step, run: () => Promise<void>) => Promise<void>;
}

export interface Applied {
  /** Steps that failed, with why, and steps that were not tried because of them. */
  readonly failed: readonly { readonly step: Step; readonly error: unknown }[];
  readonly skipped: readonly Step[];
}

const PARALLEL_STEPS = 8;

export async function applyPlan(plan: Plan, parts: ApplyParts, signal: AbortSignal): Promise<Applied> {
  const done = new Set<string>();
  const failed: { step: Step; error: unknown }[] = [];
  const waiting = new Set(plan.steps);
  const running = new Map<Promise<void>, Step>();
  const start = (step: Step): void => {
    waiting.delete(step);
    const run: Promise<void> = runStep(step, parts, signal)
      .then(
        () => void done.add(step.id),
        (error: unknown) => void failed.push({ step, error }),
      )
      .finally(() => running.delete(run));
    running.set(run, step);
  };
  for (;;) {
    if (signal.aborted) break;
    const ready = [...waiting].filter((step) => step.after.every((id) => done.has(id)));
    const underWay = [...running.values()];
    const free = (room: number, inLane: (step: Step) => boolean) =>
      ready.filter(inLane).slice(0, room - underWay.filter(inLane).length);
    const begun = [...free(parts.parallelPulls, isPull), ...free(PARALLEL_STEPS, (step) => !isPull(step))];
    for (const step of begun) start(step);
    if (running.size === 0) break;
    await Promise.race(running.keys());
  }
  await Promise.all(running.keys());
  return { failed, skipped: [...waiting] };
}

function isPull({ kind }: Step): boolean {
  return kind === 'pull-image';
}

async function runStep(step: Step, parts: ApplyParts, signal: AbortSignal): Promise<void> {
  const { log, monotonicMs } = parts;
  const item = itemBefore(step, parts.declared, parts.inventory());
  if (item !== undefined) parts.putInventory(item);
  const startedMs = monotonicMs();
  const what = `${verb(step)} ${step.subject}`;
  try {
    const run = () => execute(parts.execute, step, signal);
    await (parts.during?.(step, run) ?? run());
    log('info', what, { cause: step.cause, ms: Math.round(monotonicMs() - startedMs) });
  } catch (error) {
    if (!signal.aborted) log('error', `${what} failed: ${messageOf(error)}`, { cause: step.cause });
    throw error;
  }
}

function execute<K extends Step['kind']>(executor: Executor, step: StepOf<K>, signal: AbortSignal): Promise<void> {
  const run = executor[step.kind as K] as (step: StepOf<K>, signal: AbortSignal) => Promise<void>;
  return run(step, signal);
}
