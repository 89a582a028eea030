// The middle of a cycle: looks, begins the steps of the plan, looks again, and draws what follows from those that have ended:
// inventory, applied revision, gates, last known good, what may go from the host. The steps of an app that take long go on.
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { Plan, Step } from '../../fleet/model/plan.ts';
import { shortRevision } from '../../fleet/names.ts';
import { isDrift } from '../../fleet/reconcile/ownership.ts';
import { besides, startable } from '../../fleet/reconcile/under-way.ts';
import type { Effective } from '../../fleet/rollout/effective.ts';
import { withBegun } from '../../fleet/rollout/record.ts';
import type { Failure, StatusBody } from '../../fleet/status.ts';
import type { Applied } from '../apply/apply-plan.ts';
import { carryOut } from './carry-out.ts';
import { contentInUse, imagesNamed, keptStates } from './collect.ts';
import { stepFailures } from './cycle-failures.ts';
import type { HealthGate, Looked } from './health-gate.ts';
import type { Parts } from './parts.ts';
import type { Planner } from './planner.ts';
import type { Report } from './report.ts';
import { settle } from './settle.ts';
import type { Versions } from './versions.ts';
import type { Held } from './windows.ts';
import { begunWith, busyIn, endedIn, type Standing, type Works } from './works.ts';

export interface Views {
  readonly versions: Versions;
  readonly report: Report;
  readonly gate: HealthGate;
  readonly planner: Planner;
  readonly works: Works;
  /** The plan, without steps, of which all has been drawn that follows: while looks give the same one, there is nothing to do. */
  readonly quiet: { plan: Plan | null };
  /** What the content on the host was last collected for. */
  readonly collected: { of: readonly unknown[] };
  tell(found: Found, working: boolean): Promise<StatusBody>;
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
  /** Steps that were begun, or of which the end was taken in. */
  steps: number;
  /** Apps that have to go back to their last known good. */
  back: readonly string[];
  readonly failures: OfStep[];
  /** What failed before in apps that are being tried again. */
  tried: readonly OfStep[];
}

type OfStep = Failure & { readonly app?: string };

export async function reconcile(
  parts: Parts,
  views: Views,
  force: Force,
  found: Found,
  signal: AbortSignal,
  superseded?: AbortSignal,
): Promise<void> {
  const { report, gate, versions, planner, works, quiet } = views;
  const { desired, apps } = force.effective;
  const specOf = (app: string) => apps.get(app)?.spec;
  if (desired.suspend) works.abort();
  await works.settled();
  const denied = await parts.judge.denied(force.effective.asks);
  const observe = async (): Promise<Seen> => {
    // Before the look: what ends while it looks, the next one shows.
    const standing = works.standing(specOf);
    const { observed, plan: whole } = await planner(desired, denied, busyIn(standing), signal);
    const plan = besides(whole, begunWith(standing));
    Object.assign(found, { observed, plan });
    // What did a drift may turn up after it.
    if (whole !== quiet.plan || plan.differences.some(isDrift))
      await report.drifts.note(plan, { desired, observed }, signal);
    return { observed, whole, plan, standing };
  };
  const before = await observe();
  if (desired.suspend) return gate.close();
  const keep = () => keptStates(force, versions.record(), gate.kept());
  if (before.whole === quiet.plan && !gate.watches()) return rest();
  quiet.plan = null;
  // Written down before its steps, so that what began is finished after a restart too.
  versions.change((record) => withBegun(record, force.effective));
  const { begun, held } = choose(before, works.hasRoom());
  found.steps = begun.steps.length + before.standing.ended.reduce((sum, { plan }) => sum + plan.steps.length, 0);
  if (begun.steps.length > 0) {
    const onBegin = (plan: Plan) =>
      views.tell(Object.assign(found, { plan: { ...before.plan, steps: plan.steps } }), true);
    const carried = { plan: begun, desired, observed: before.observed, specOf, keep, onBegin };
    const all = superseded === undefined ? signal : AbortSignal.any([signal, superseded]);
    await carryOut(parts, views, carried, all).catch((error: unknown) => {
      signal.throwIfAborted();
      // Ended for something newer before a step began.
      if (!superseded?.aborted) throw error;
    });
    signal.throwIfAborted();
  }
  const after = begun.steps.length === 0 ? before : await observe();
  // Steps that were ended for something newer did not fail, and what they left says nothing of what they were for.
  if (superseded?.aborted) return;
  const { standing, plan, observed } = after;
  const ended = endedIn(standing, held);
  found.failures.push(...stepFailures(ended));
  found.tried = stepFailures(standing);
  const worked = new Set([...begun.steps, ...ended.skipped, ...standing.ended].map(({ app }) => app));
  const busy = busyIn(standing);
  try {
    await conclude(parts, views, found, { ...force, plan, observed, before: before.observed, ended, worked, busy });
  } finally {
    // Where something could not be written, it is not for their apps to wait until it can be.
    works.conclude(standing.ended);
  }
  if (isQuiet(plan, ended, found.back)) quiet.plan = after.whole;
  return rest();

  /** What is due by the clock only. */
  async function rest(): Promise<void> {
    const { observed: seen, plan: known, standing: then } = before;
    await parts.images.tidy(seen.engine, () => imagesNamed(keep()), signal);
    if (found.steps === 0) await report.drifts.lookInside(known, { desired, observed: seen }, busyIn(then), signal);
  }
}

/** One look, and how the works stood before it. */
interface Seen {
  readonly observed: Observed;
  /** As it is made from the look alone. */
  readonly whole: Plan;
  readonly plan: Plan;
  readonly standing: Standing;
}

/**
 * What begins now: the steps of apps that have no work, and of which none waits to be concluded. `held`: what others of this plan
 * have to wait for those with.
 */
function choose({ whole, standing }: Seen, hasRoom: boolean): { readonly begun: Plan; readonly held: readonly Step[] } {
  const busy = new Set([...standing.running.keys(), ...standing.ended.map(({ app }) => app)]);
  const { plan, held } = startable(whole, busy);
  return hasRoom ? { begun: plan, held } : { begun: { ...plan, steps: [] }, held: [...held, ...plan.steps] };
}

/**
 * What follows from steps that failed is drawn by the next cycle, though nothing may be left to do; what is under way is skipped, so
 * nothing is quiet before its end was taken in.
 */
function isQuiet({ steps }: Plan, { failed, skipped }: Applied, back: readonly string[]): boolean {
  return steps.length + failed.length + skipped.length + back.length === 0;
}

/** What follows from the look after the steps. */
async function conclude(parts: Parts, views: Views, found: Found, looked: Looked): Promise<void> {
  const { log } = parts;
  const { versions, report, gate } = views;
  const { accepted } = looked;
  const known = versions.record();
  settle(parts, report, looked, known.lastGood);
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

/** What no version needs any more goes as soon as one stops needing it, and when the agent starts; not while something may be written. */
async function collectContents(
  { content, paths }: Parts,
  { versions, gate, collected }: Views,
  { accepted, effective, observed, busy }: Looked,
): Promise<number> {
  if (busy.size > 0) return 0;
  const record = versions.record();
  const proving = gate.kept();
  const of = [accepted, record.goods, record.begun, record.lastGood, ...proving];
  if (of.length === collected.of.length && of.every((one, index) => one === collected.of[index])) return 0;
  collected.of = of;
  return await content.collect(contentInUse(keptStates({ accepted, effective }, record, proving), observed, paths));
}
