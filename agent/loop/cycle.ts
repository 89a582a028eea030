// One cycle: what is in force → look → plan → apply → look again → gate → report. One writer: cycles never overlap. Steps that take
// long outlive the cycle that began them; a later one takes their end in (works.ts).
// Never throws but when the signal aborts: what goes wrong is reported, and tried again.
import { messageOf, reasonOf } from '../../fleet/error.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Failure, StatusBody } from '../../fleet/status.ts';
import { closedApps } from '../../fleet/window/waiting.ts';
import { blockedFailures, inOrderOfUrgency, rolledBackFailures } from './cycle-failures.ts';
import type { Declared } from './declared.ts';
import { createHealthGate } from './health-gate.ts';
import type { Parts } from './parts.ts';
import { createPlanner } from './planner.ts';
import { type Force, type Found, reconcile, type Views } from './reconcile.ts';
import type { Report } from './report.ts';
import type { Versions } from './versions.ts';
import { createWindows } from './windows.ts';
import type { Works } from './works.ts';

export interface Outcome {
  readonly status: StatusBody;
  /** What was begun is not decided yet: how long until time alone may decide it. null: nothing is waited for. */
  readonly dueInMs: number | null;
  /** The device is kept from where Git wants it. */
  readonly failed: boolean;
  /** It may work later. */
  readonly retry: boolean;
  /** Steps are still under way. */
  readonly busy: boolean;
  /** A version failed: what is to run in its place is planned by the next cycle, which has nothing to wait for. */
  readonly again: boolean;
  /** Steps that were begun, or of which the end was taken in. */
  readonly steps: number;
  /** Until drift that is held back is corrected again; null: there is none. */
  readonly heldForMs: number | null;
  /** Until a window opens that a change waits for; null: none does. */
  readonly opensInMs: number | null;
}

export interface Cycle {
  /** `superseded` ends the steps under way: something newer is declared. */
  run(signal: AbortSignal, superseded?: AbortSignal): Promise<Outcome>;
  /** Between two cycles: how far the steps are that are under way. */
  tellProgress(): Promise<void>;
}

export function createCycle(parts: Parts, declared: Declared, versions: Versions, report: Report, works: Works): Cycle {
  const gate = createHealthGate(parts, versions);
  const windows = createWindows(parts, report.event);
  const planner = createPlanner(parts, report);
  const memory = { quiet: { plan: null }, collected: { of: [] } };
  let last: Found | null = null;
  return {
    async run(signal, superseded) {
      const accepted = declared.desired();
      const found: Found = {
        ...{ effective: null, held: null, observed: null, plan: null, steps: 0, back: [], failures: [] },
        tried: [],
      };
      last = found;
      const views: Views = { versions, report, gate, planner, works, ...memory, tell };
      try {
        if (accepted !== null) {
          const force = await inForce(accepted, declared.asks(), found);
          await reconcile(parts, views, force, found, signal, superseded);
        }
      } catch (error) {
        if (signal.aborted) throw error;
        found.failures.push({ key: 'cycle', reason: reasonOf(error), message: messageOf(error), stalled: false });
      }
      const failures = failuresOf(found);
      report.failures(failures, declared.gitRevision());
      const again = found.back.length > 0;
      const dueInMs = again || goesOn(found) || works.hasEnded() ? 0 : gate.dueInMs();
      const busy = works.isRunning();
      const status = await tell(found, busy || dueInMs !== null);
      return {
        ...{ status, dueInMs, again, busy, steps: found.steps },
        failed: failures.length > 0,
        retry: found.failures.length > 0 || found.plan?.blocked.some(mayYetAppear) === true,
        heldForMs: report.drifts.heldForMs(),
        opensInMs: found.held?.opensInMs ?? null,
      };
    },
    async tellProgress() {
      if (last !== null && works.isRunning()) await tell(last, true);
    },
  };

  async function inForce(accepted: Desired, asks: readonly Ask[], found: Found): Promise<Force> {
    const record = versions.record();
    const timed = [...accepted.apps, ...record.begun.map(({ app }) => app)].some((app) => app.windows.length > 0);
    const now = timed ? await windows.now() : null;
    const closed = closedApps(accepted, record, now);
    const effective = versions.effective(accepted, asks, closed);
    found.effective = effective;
    found.held = windows.held(effective, now);
    return { accepted, asks, closed, effective };
  }

  function tell(found: Found, working: boolean): Promise<StatusBody> {
    const { effective, held, observed, plan } = found;
    const progress = works.isRunning() ? parts.images.progress() : null;
    return report.status({
      ...{ effective, observed, plan, working },
      ...(progress === null ? {} : { progress }),
      gitRevision: declared.gitRevision(),
      lastGood: versions.record().lastGood,
      waiting: held?.message ?? null,
      failures: failuresOf(found),
    });
  }

  function failuresOf({ effective, plan, back, failures, tried }: Found): Failure[] {
    // Why a version went to quarantine is said by that.
    const steps = [...failures, ...tried].filter(({ app }) => app === undefined || !back.includes(app));
    return inOrderOfUrgency([
      ...declared.failures(),
      ...rolledBackFailures(effective),
      ...blockedFailures(plan),
      ...steps,
      ...gate.failures(),
    ]);
  }
}

/** All went well, and what was done showed what is next, as a pulled image does: nobody else tells. */
function goesOn({ steps, plan, failures }: Found): boolean {
  return steps > 0 && failures.length === 0 && plan !== null && plan.steps.length > 0;
}

function mayYetAppear({ reason }: { readonly reason: string }): boolean {
  return reason === 'DependencyNotReady';
}
