// One cycle: look → plan → apply → look again → gate → report. One writer: cycles never overlap.
// Never throws but when the signal aborts: what goes wrong is reported, and tried again.
import { messageOf, reasonOf } from '../../fleet/error.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { shortRevision } from '../../fleet/names.ts';
import { holdApps } from '../../fleet/policy/hold.ts';
import { declaredInventory } from '../../fleet/reconcile/inventory.ts';
import { makePlan } from '../../fleet/reconcile/plan.ts';
import { formatPlan } from '../../fleet/reconcile/text.ts';
import type { Failure, StatusBody } from '../../fleet/status.ts';
import { type Applied, applyPlan, type Executor } from '../apply/apply-plan.ts';
import { contentInUse } from './collect.ts';
import type { Declared } from './declared.ts';
import { createHealthGate, type HealthGate } from './health-gate.ts';
import { look } from './look.ts';
import type { Parts } from './parts.ts';
import type { Report } from './report.ts';
import { settle } from './settle.ts';

export interface Outcome {
  readonly status: StatusBody;
  /** The gate is still open: look again soon. */
  readonly waiting: boolean;
  /** The device is kept from where Git wants it. */
  readonly failed: boolean;
  /** It may work later. */
  readonly retry: boolean;
  /** Steps that were carried out. */
  readonly steps: number;
}

export interface Cycle {
  /** `superseded` ends the steps under way: something newer is declared. */
  run(signal: AbortSignal, superseded?: AbortSignal): Promise<Outcome>;
}

/** What one cycle has found so far. */
interface Found {
  readonly desired: Desired | null;
  observed: Observed | null;
  plan: Plan | null;
  steps: number;
  readonly failures: Failure[];
}

export function createCycle(parts: Parts, declared: Declared, report: Report): Cycle {
  const gate = createHealthGate(parts);
  return {
    async run(signal, superseded) {
      const desired = declared.desired();
      const found: Found = { desired, observed: null, plan: null, steps: 0, failures: [] };
      try {
        if (desired !== null) await reconcile(parts, { declared, report, gate }, desired, found, signal, superseded);
      } catch (error) {
        if (signal.aborted) throw error;
        found.failures.push({ key: 'cycle', reason: reasonOf(error), message: messageOf(error), stalled: false });
      }
      const failures = [...declared.failures(), ...blockedFailures(found.plan), ...found.failures, ...gate.failures()];
      report.failures(failures, declared.gitRevision());
      const waiting = gate.waiting();
      const status = await report.status({ ...said(declared, gate, found), working: waiting, failures });
      const retry =
        found.failures.length > 0 || found.plan?.blocked.some(({ reason }) => reason === 'DependencyNotReady') === true;
      return { status, waiting, failed: failures.length > 0, retry, steps: found.steps };
    },
  };
}

interface Views {
  readonly declared: Declared;
  readonly report: Report;
  readonly gate: HealthGate;
}

async function reconcile(
  parts: Parts,
  views: Views,
  desired: Desired,
  found: Found,
  signal: AbortSignal,
  superseded?: AbortSignal,
): Promise<void> {
  const { report, gate } = views;
  const denied = await views.declared.denied();
  const observe = async () => {
    found.observed = await look({ ...parts, inventory: parts.store.inventory }, desired, signal);
    found.plan = holdApps(planNow(parts, desired, found.observed), denied);
    report.drift(found.plan.differences, desired.revision);
    return { observed: found.observed, plan: found.plan };
  };
  const before = await observe();
  if (desired.suspend) return gate.close();
  found.steps = before.plan.steps.length;
  if (found.steps === 0)
    return conclude(parts, views, desired, { ...before, applied: { failed: [], skipped: [] }, worked: false });
  const applied = await apply(
    parts,
    views,
    found,
    desired,
    before.plan,
    superseded === undefined ? signal : AbortSignal.any([signal, superseded]),
  );
  signal.throwIfAborted();
  const after = await observe();
  if (superseded?.aborted) return;
  found.failures.push(...stepFailures(applied));
  await conclude(parts, views, desired, { ...after, applied, worked: true });
}

function planNow({ store, paths, config, secrets }: Parts, desired: Desired, observed: Observed): Plan {
  return makePlan({
    desired,
    observed,
    inventory: store.inventory(),
    paths,
    limits: config.limits,
    hide: secrets.hide,
  });
}

async function apply(
  parts: Parts,
  { declared, report, gate }: Views,
  found: Found,
  desired: Desired,
  plan: Plan,
  signal: AbortSignal,
): Promise<Applied> {
  const { store, paths, monotonicMs, log } = parts;
  log('info', `plan for ${shortRevision(desired.revision)}\n${formatPlan(plan)}`);
  const failures = [...declared.failures(), ...blockedFailures(plan), ...gate.failures()];
  await report.status({ ...said(declared, gate, found), working: true, failures });
  const putInventory = store.putInventory.bind(store);
  const inventory = declaredInventory(desired, paths);
  return applyPlan(
    plan,
    { execute: executor(parts), declared: inventory, inventory: store.inventory, putInventory, monotonicMs, log },
    signal,
  );
}

/** What follows from the look after the steps: inventory, applied revision, health gate, last known good. */
async function conclude(
  parts: Parts,
  { report, gate }: Views,
  desired: Desired,
  { observed, plan, applied, worked }: { observed: Observed; plan: Plan; applied: Applied; worked: boolean },
): Promise<void> {
  const { store, content, paths, log } = parts;
  settle(parts, report, desired, observed, plan, applied);
  if (!gate.advance(desired, observed, worked)) return;
  const removed = await content.collect(contentInUse([store.snapshot('accepted'), desired], observed, paths));
  log('info', `${shortRevision(desired.revision)} is the last known good`, { removedContents: removed });
}

function said(declared: Declared, gate: HealthGate, { desired, observed, plan }: Found) {
  return { gitRevision: declared.gitRevision(), lastGood: gate.lastGood(), desired, observed, plan };
}

/** Every kind of step has its one place: Engine calls in the Engine's shell, file operations in the content store. */
function executor({ engine, content, source }: Parts): Executor {
  return {
    ...engine.steps,
    'write-content': (step, signal) => content.write(step.content, (oid, inner) => source.readBlob(oid, inner), signal),
    'make-data-folder': (step) => content.makeDataFolder(step.path),
  };
}

/** What the plan will not do. Only a person or a commit can end it, but for dependencies, which may yet appear. */
function blockedFailures(plan: Plan | null): Failure[] {
  return (plan?.blocked ?? []).map(({ resource, reason, message }) => ({
    key: `blocked ${resource}`,
    reason,
    message: `${resource}: ${message}`,
    stalled: reason !== 'DependencyNotReady',
  }));
}

function stepFailures({ failed }: Applied): Failure[] {
  return failed.map(({ step, error }) => ({
    key: `step ${step.resource}`,
    reason: reasonOf(error),
    message: `${step.subject}: ${messageOf(error)}`,
    stalled: false,
  }));
}
