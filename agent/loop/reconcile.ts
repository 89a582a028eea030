// The middle of a cycle: looks, carries the plan out, looks again, and draws what follows: inventory, applied revision, gates,
// last known good, what may go from the host.
import type { HoldfastError } from '../../fleet/error.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { shortRevision } from '../../fleet/names.ts';
import { declaredInventory } from '../../fleet/reconcile/inventory.ts';
import { isDrift } from '../../fleet/reconcile/ownership.ts';
import { planText } from '../../fleet/reconcile/plan-text.ts';
import { summarise } from '../../fleet/reconcile/summary.ts';
import type { Effective } from '../../fleet/rollout/effective.ts';
import { withBegun } from '../../fleet/rollout/record.ts';
import type { Failure, StatusBody } from '../../fleet/status.ts';
import { type Applied, applyPlan } from '../apply/apply-plan.ts';
import { contentInUse, imagesNamed, keptStates } from './collect.ts';
import { stepFailures } from './cycle-failures.ts';
import { createExecutor } from './executor.ts';
import type { HealthGate, Looked } from './health-gate.ts';
import type { Parts } from './parts.ts';
import type { Planned, Planner } from './planner.ts';
import { tellingProgress } from './progress.ts';
import type { Report } from './report.ts';
import { settle } from './settle.ts';
import type { Versions } from './versions.ts';
import type { Held } from './windows.ts';

/** Between two reports of how far pulls are. */
const PROGRESS_MS = 10_000;

export interface Views {
  readonly versions: Versions;
  readonly report: Report;
  readonly gate: HealthGate;
  readonly planner: Planner;
  /** The plan, without steps, of which all has been drawn that follows: while looks give the same one, there is nothing to do. */
  readonly quiet: { plan: Plan | null };
  /** What the content on the host was last collected for. */
  readonly collected: { of: readonly unknown[] };
  tell(found: Found, now: { readonly working: boolean; readonly progress?: string }): Promise<StatusBody>;
}

/** What is in force in one cycle. */
export interface Force {
  readonly accepted: Desired;
  readonly asks: readonly Ask[];
  /** Apps whose maintenance windows are closed. */
  readonly closed: ReadonlySet<string>;
  readonly effective: Effective;
}

/** What one cycle has found so far. */
export interface Found {
  effective: Effective | null;
  /** What waits for a maintenance window. */
  held: Held | null;
  observed: Observed | null;
  plan: Plan | null;
  steps: number;
  /** Apps that have to go back to their last known good. */
  back: readonly string[];
  readonly failures: (Failure & { readonly app?: string })[];
}

export async function reconcile(
  parts: Parts,
  views: Views,
  force: Force,
  found: Found,
  signal: AbortSignal,
  superseded?: AbortSignal,
): Promise<void> {
  const { report, gate, versions, planner } = views;
  const { desired } = force.effective;
  const denied = await parts.judge.denied(force.effective.asks);
  const observe = async (): Promise<Planned> => {
    const planned = await planner(desired, denied, signal);
    Object.assign(found, { observed: planned.observed, plan: planned.plan });
    // What did a drift may turn up after it.
    if (planned.plan !== views.quiet.plan || planned.plan.differences.some(isDrift))
      await report.drifts.note(planned.plan, { desired, observed: planned.observed }, signal);
    return planned;
  };
  const before = await observe();
  if (desired.suspend) return gate.close();
  const keep = () => keptStates(force, versions.record(), gate.kept());
  found.steps = before.plan.steps.length;
  if (before.plan === views.quiet.plan && !gate.watches()) return rest();
  views.quiet.plan = null;
  // Written down before its steps, so that what began is finished after a restart too.
  versions.change((record) => withBegun(record, force.effective));
  const all = superseded === undefined ? signal : AbortSignal.any([signal, superseded]);
  const carried = async () =>
    found.steps === 0 ? NOTHING_DONE : await carryOut(parts, views, found, desired, before, keep, all);
  const ended = await carried().catch((error: unknown) => {
    signal.throwIfAborted();
    // Ended for something newer before a step began.
    if (superseded?.aborted) return { failed: [], skipped: before.plan.steps };
    throw error;
  });
  signal.throwIfAborted();
  report.drifts.applied(before.plan, ended);
  const after = found.steps === 0 ? before : await observe();
  // Steps that were ended for something newer did not fail, and what they left says nothing of what they were for.
  if (superseded?.aborted) return;
  found.failures.push(...stepFailures(ended));
  const worked = new Set(before.plan.steps.map(({ app }) => app));
  await conclude(parts, views, found, { ...force, ...after, before: before.observed, ended, worked });
  if (isQuiet(after.plan, ended, found.back)) views.quiet.plan = after.plan;
  return rest();

  /** What is due by the clock only. */
  async function rest(): Promise<void> {
    await parts.images.tidy(before.observed.engine, () => imagesNamed(keep()), signal);
    if (found.steps === 0) await report.drifts.lookInside(before.plan, { desired, observed: before.observed }, signal);
  }
}

/** What follows from steps that failed is drawn by the next cycle, though nothing may be left to do. */
function isQuiet({ steps }: Plan, { failed, skipped }: Applied, back: readonly string[]): boolean {
  return steps.length + failed.length + skipped.length + back.length === 0;
}

const NOTHING_DONE: Applied = { failed: [], skipped: [] };

type Kept = () => readonly Pick<Desired, 'apps'>[];

/** Judges first whether there is room for all that the plan pulls. */
async function carryOut(
  parts: Parts,
  views: Views,
  found: Found,
  desired: Desired,
  { plan: bare, observed }: Planned,
  keep: Kept,
  signal: AbortSignal,
): Promise<Applied> {
  const { images, log } = parts;
  const plan = await images.measure(bare, observed.engine, signal);
  found.plan = plan;
  const refused = await images.refuse(plan, observed.engine, () => imagesNamed(keep()), signal);
  const summary = summarise({ plan, desired, observed });
  log('info', `plan for ${planText(plan, summary)}`);
  views.report.begins(plan, summary);
  await views.tell(found, { working: true });
  const work = apply(parts, views, desired, plan, refused, signal);
  return tellingProgress(work, PROGRESS_MS, async () => {
    const progress = images.progress();
    if (progress !== null) await views.tell(found, { working: true, progress });
  });
}

function apply(
  parts: Parts,
  { report }: Views,
  desired: Desired,
  plan: Plan,
  refused: HoldfastError | null,
  signal: AbortSignal,
): Promise<Applied> {
  const { store, paths, monotonicMs, log, config } = parts;
  const given = {
    ...{ inventory: store.inventory, monotonicMs, log },
    execute: createExecutor(parts, refused),
    declared: declaredInventory(desired, paths),
    putInventory: store.putInventory.bind(store),
    parallelPulls: config.limits.pulls,
    during: report.drifts.during,
  };
  return applyPlan(plan, given, signal);
}

/** What follows from the look after the steps. */
async function conclude(parts: Parts, views: Views, found: Found, looked: Looked): Promise<void> {
  const { log } = parts;
  const { versions, report, gate } = views;
  const { accepted, effective, observed, plan, ended } = looked;
  const known = versions.record();
  settle(parts, report, effective, observed, plan, ended, known.lastGood);
  found.back = gate.advance(looked);
  const record = versions.record();
  for (const name of found.back) {
    const one = versions.effective(accepted, looked.asks, looked.closed).apps.get(name);
    if (one !== undefined) report.rolledBack(one);
  }
  versions.save();
  const removed = await collectContents(parts, views, looked);
  if (record.lastGood !== known.lastGood)
    log('info', `${shortRevision(accepted.revision)} is the last known good`, { removedContents: removed });
}

/** What no version needs any more goes as soon as one stops needing it, and when the agent starts. */
async function collectContents(
  { content, paths }: Parts,
  { versions, gate, collected }: Views,
  { accepted, effective, observed }: Looked,
): Promise<number> {
  const record = versions.record();
  const proving = gate.kept();
  const of = [accepted, record.goods, record.begun, record.lastGood, ...proving];
  if (of.length === collected.of.length && of.every((one, index) => one === collected.of[index])) return 0;
  collected.of = of;
  return await content.collect(contentInUse(keptStates({ accepted, effective }, record, proving), observed, paths));
}
