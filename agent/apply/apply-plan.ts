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
  readonly monotonicMs: () => number;
  readonly log: Log;
  /** Around each step: what the Engine tells in the meantime is the agent's own doing. */
  readonly during?: (step: Step, run: () => Promise<void>) => Promise<void>;
  /** All steps of an app have ended, whatever is still under way of others. */
  readonly onEnded?: (app: string, applied: Applied) => void;
}

export interface Applied {
  /** Steps that failed, with why, and steps that were not tried because of them. */
  readonly failed: readonly { readonly step: Step; readonly error: unknown }[];
  readonly skipped: readonly Step[];
}

/** Steps that are under way at once. Those that only wait take the place of no other; pulls wait for their turn by themselves. */
const PARALLEL_STEPS = 8;
const PARALLEL_WAITS = 32;

export async function applyPlan({ steps }: Plan, parts: ApplyParts, signal: AbortSignal): Promise<Applied> {
  const done = new Set<string>();
  const failed: { step: Step; error: unknown }[] = [];
  const skipped: Step[] = [];
  const waiting = new Set(steps);
  const running = new Map<Promise<void>, Step>();
  const open = new Set(steps.map(({ app }) => app));
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
    skipWhere((step, lost) => signal.aborted || step.after.some((id) => lost.has(id)));
    const ready = signal.aborted ? [] : [...waiting].filter((step) => step.after.every((id) => done.has(id)));
    const underWay = [...running.values()];
    const free = (inLane: (step: Step) => boolean, room: number) =>
      ready.filter(inLane).slice(0, room - underWay.filter(inLane).length);
    const begun = [...ready.filter(isPull), ...free(isWait, PARALLEL_WAITS), ...free(isAct, PARALLEL_STEPS)];
    for (const step of begun) start(step);
    // What waits for a step that is not there never comes.
    if (running.size === 0) skipWhere(() => true);
    tellEnded();
    if (running.size === 0) return { failed, skipped };
    await Promise.race(running.keys());
  }

  /** In order: what is skipped is lost for those that wait for it. */
  function skipWhere(isLost: (step: Step, lost: ReadonlySet<string>) => boolean): void {
    const lost = new Set([...failed.map(({ step }) => step), ...skipped].map(({ id }) => id));
    for (const step of waiting) {
      if (!isLost(step, lost)) continue;
      waiting.delete(step);
      skipped.push(step);
      lost.add(step.id);
    }
  }

  function tellEnded(): void {
    const busy = new Set([...waiting, ...running.values()].map(({ app }) => app));
    for (const app of open) {
      if (busy.has(app)) continue;
      open.delete(app);
      const ofApp = (step: Step) => step.app === app;
      parts.onEnded?.(app, { failed: failed.filter(({ step }) => ofApp(step)), skipped: skipped.filter(ofApp) });
    }
  }
}

const isPull = ({ kind }: Step) => kind === 'pull-image';
const isWait = ({ kind }: Step) => kind === 'await-service';
const isAct = (step: Step) => !isPull(step) && !isWait(step);

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
