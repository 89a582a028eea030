// One version of one app, as one look after the other shows it: whether it proves good, fails, or is to be waited for.
import type { Observed, ObservedContainer } from '../../fleet/model/observed.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import type { AppVersion } from '../../fleet/model/rollout.ts';
import type { Service } from '../../fleet/model/service.ts';
import { LABEL } from '../../fleet/names.ts';
import type { HostPaths } from '../../fleet/reconcile/attribute.ts';
import { specOf } from '../../fleet/reconcile/attributes.ts';
import { advanceGate, type Gate, openGate, type Verdict } from '../../fleet/reconcile/gate.ts';
import { leftDown } from '../../fleet/reconcile/ownership.ts';
import type { Effective, InForce } from '../../fleet/rollout/effective.ts';
import { type Ended, type Fault, faultOf } from '../../fleet/rollout/fault.ts';

export interface AppGate {
  gate: Gate;
  /** While it waits: when a look may decide though nothing happens until then. Monotonic milliseconds. */
  dueMs: number;
  /** It failed, and stays so until it passes: a crash loop looks well for a moment each time. */
  failed: string | null;
  /** Something of the app, or of one that it depends on, is not carried out yet: what is seen says nothing about its version. */
  held: boolean;
  /**
   * It has passed in place of this version, to which it still gives way for a while when it crashes again and again: without a
   * health check a second says little. null: it has not passed.
   */
  before: { readonly good: AppVersion; readonly lastGood: string | null } | null;
}

export interface Seen {
  readonly effective: Effective;
  /** Before and after the steps. */
  readonly before: Observed;
  readonly observed: Observed;
  /** What is still to be done. */
  readonly plan: Plan;
  readonly ended: Ended;
  /** Apps of which steps were carried out. */
  readonly worked: ReadonlySet<string>;
  /** Apps of which steps are still under way: what is seen of them says nothing. */
  readonly busy: ReadonlySet<string>;
  /** The newest revision in which every app was good. */
  readonly lastGood: string | null;
  readonly nowMs: number;
  readonly paths: HostPaths;
}

export type Judgement =
  | { readonly kind: 'good' | 'waiting' | 'ill' }
  /** Its version goes to quarantine, and `good` is to run again. */
  | { readonly kind: 'failed'; readonly fault: Fault; readonly back: AppGate['before'] };

/** Returns the gate to go on with; undefined: nothing is awaited. `early`: an app that it depends on is not settled itself. */
export function judgeApp(
  known: AppGate | undefined,
  one: InForce,
  seen: Seen,
  early: boolean,
): { readonly own?: AppGate; readonly judgement: Judgement } {
  const { app, spec, proved, fallback } = one;
  const { observed, before, plan, ended, worked, busy, lastGood, nowMs } = seen;
  const held = known?.gate.spec === spec ? known : undefined;
  if (held?.before) return busy.has(app.name) ? { own: held, judgement: { kind: 'good' } } : prove(held, one, seen);
  if (held === undefined && proved && !worked.has(app.name)) return { judgement: { kind: 'good' } };
  const own: AppGate = held ?? {
    gate: openGate(spec, before, nowMs),
    dueMs: nowMs,
    failed: null,
    held: false,
    before: null,
  };
  if (busy.has(app.name)) {
    own.held = true;
    return { own, judgement: { kind: own.failed === null ? 'waiting' : 'ill' } };
  }
  const back = fallback && { good: fallback, lastGood };
  const fault = faultOf(app.name, ended, plan.blocked, observed);
  if (fault !== null && back !== null) return { judgement: { kind: 'failed', fault, back } };
  const unfinished = fault !== null || isUnfinished(app.name, plan, ended);
  // Its time begins when all of it has been carried out.
  if (own.held && !unfinished) own.gate = { ...own.gate, openedMs: nowMs };
  own.held = unfinished || early;
  if (early && !unfinished) {
    // Its time begins when what it depends on is settled.
    own.gate = openGate(spec, observed, nowMs);
    own.dueMs = nowMs + app.healthTimeoutMs;
    return { own, judgement: { kind: own.failed === null ? 'waiting' : 'ill' } };
  }
  const verdict = advance(own, one, seen, unfinished ? 'unfinished' : 'finished');
  if (verdict.kind === 'waiting') own.dueMs = verdict.dueMs;
  if (verdict.kind === 'passed') {
    if (back === null) return { judgement: { kind: 'good' } };
    return { own: { ...own, gate: openGate(spec, observed, nowMs), before: back }, judgement: { kind: 'good' } };
  }
  if (verdict.kind === 'failed') {
    const { message } = verdict;
    if (back !== null) return { judgement: { kind: 'failed', fault: { reason: 'HealthCheckFailed', message }, back } };
    own.failed = message;
  }
  return { own, judgement: { kind: own.failed === null && fault === null ? 'waiting' : 'ill' } };
}

/** It has passed already: only a crash loop still counts, and only for as long as it could have taken to get healthy. */
function prove(own: AppGate, one: InForce, seen: Seen): { readonly own?: AppGate; readonly judgement: Judgement } {
  const { openedMs } = own.gate;
  if (seen.nowMs - openedMs > one.app.healthTimeoutMs) return { judgement: { kind: 'good' } };
  const verdict = advance(own, one, seen, 'proving');
  own.gate = { ...own.gate, openedMs };
  if (verdict.kind !== 'failed') return { own, judgement: { kind: 'good' } };
  const fault: Fault = { reason: 'HealthCheckFailed', message: verdict.message };
  return { judgement: { kind: 'failed', fault, back: own.before } };
}

function advance(
  own: AppGate,
  { app }: InForce,
  { effective, observed, plan, nowMs, paths }: Seen,
  stage: 'unfinished' | 'finished' | 'proving',
): Verdict {
  const { device, salt } = effective.desired;
  const isOfVersion = ({ inspect }: ObservedContainer, service: Service) =>
    stage === 'proving' || inspect.Config.Labels?.[LABEL.spec] === specOf({ device, app, service, paths, salt });
  const unfinished = stage === 'finished' ? null : isOfVersion;
  const { gate, verdict } = advanceGate(own.gate, {
    ...{ device, app, observed, nowMs, unfinished },
    leftDown: leftDown(plan.differences),
  });
  own.gate = gate;
  return verdict;
}

/** Also what the plan would still change: what runs then is not this version. */
function isUnfinished(app: string, plan: Plan, { failed, skipped }: Ended): boolean {
  return (
    failed.some(({ step }) => step.app === app) ||
    skipped.some((step) => step.app === app) ||
    plan.blocked.some((blocked) => blocked.app === app) ||
    plan.differences.some((difference) => difference.app === app && difference.origin === 'change')
  );
}
