// What the loop says of itself: the status snapshot after every look, and events when something begins or ends.
import { messageOf } from '../../fleet/error.ts';
import { cutShort, type Hide, hideDeep } from '../../fleet/mask.ts';
import type { Condition } from '../../fleet/model/conditions.ts';
import type { Plan } from '../../fleet/model/plan.ts';
import { shortRevision } from '../../fleet/names.ts';
import { summaryText } from '../../fleet/reconcile/plan-text.ts';
import type { PlanSummary } from '../../fleet/reconcile/summary.ts';
import type { InForce } from '../../fleet/rollout/effective.ts';
import { buildStatus, type Failure, type StatusBody, type StatusInput } from '../../fleet/status.ts';
import type { NewEvent } from '../mqtt/reporter.ts';
import type { AcceptedSigner } from '../store/store.ts';
import { rolledBackText } from './cycle-failures.ts';
import { createDrifts, type Drifts } from './drifts.ts';
import type { Parts } from './parts.ts';

/** While nothing changes the figures of the host are told no more often than this. */
const STATUS_MS = 30_000;
/** More failures than this in one cycle are not told one by one. */
const FAILURE_EVENTS = 20;
/** As long as an event's message may be on the wire, with room for what marks the cut. */
const MESSAGE_CHARACTERS = 2000;
/** The same, with room for what comes before a plan. */
const PLAN_CHARACTERS = 1900;

export type Said = Pick<
  StatusInput,
  'gitRevision' | 'lastGood' | 'effective' | 'observed' | 'plan' | 'waiting' | 'working' | 'progress' | 'failures'
>;

export interface Report {
  readonly drifts: Drifts;
  /** An event each time the set of failures changes. */
  failures(failures: readonly Failure[], revision: string | null): void;
  event(event: NewEvent): void;
  /** A version failed: its app goes back to its last known good. */
  rolledBack(app: InForce): void;
  /** An event when a plan for a change begins: once, however often it has to be tried. Drift has its own. */
  begins(plan: Plan, summary: PlanSummary): void;
  status(said: Said): Promise<StatusBody>;
}

export function createReport(parts: Parts): Report {
  const { store, reporter, log } = parts;
  const { hide } = parts.secrets;
  const startedMs = parts.monotonicMs();
  let conditions: readonly Condition[] = previousConditions(store.status());
  let failing: ReadonlySet<string> = new Set();
  let stored = '';
  let begun = '';
  let told: { readonly said: Said; readonly body: StatusBody; readonly atMs: number } | null = null;

  const event = (given: NewEvent): void => {
    log(given.severity === 'info' ? 'info' : given.severity === 'warning' ? 'warn' : 'error', given.message, {
      reason: given.reason,
      ...(given.revision === null ? {} : { revision: given.revision }),
      ...(given.resource === null ? {} : { resource: given.resource }),
    });
    reporter.event({ ...given, message: hide(given.message) });
  };

  /** What is only told must not end a cycle: a full disk is reported over MQTT all the same. */
  const persist = (write: () => void): boolean => {
    try {
      write();
      return true;
    } catch (error) {
      log('warn', `the status could not be stored: ${messageOf(error)}`);
      return false;
    }
  };

  const drifts = createDrifts(parts, { event, persist, hide });

  return {
    event,
    drifts,
    rolledBack(app) {
      const message = cutShort(hide(rolledBackText(app)), MESSAGE_CHARACTERS);
      const revision = app.quarantined?.revision ?? null;
      event({ severity: 'error', reason: 'RolledBack', message, revision, resource: `app:${app.app.name}` });
    },
    begins({ revision, differences }, summary) {
      const changes = differences.some(({ origin }) => origin === 'change');
      if (!changes || revision === begun) return;
      begun = revision;
      const message = `applies ${shortRevision(revision)}\n${summaryText(summary, PLAN_CHARACTERS)}`;
      reporter.event({ severity: 'info', reason: 'Progressing', message: hide(message), revision, resource: null });
    },
    failures(failures, revision) {
      const keys = new Set(failures.map(({ key }) => key));
      if (failing.size > 0 && keys.size === 0) {
        event({ severity: 'info', reason: 'Succeeded', message: 'working again', revision, resource: null });
      }
      for (const { key, reason, message, stalled, told } of failures.slice(0, FAILURE_EVENTS)) {
        if (told === true || failing.has(key)) continue;
        event({
          severity: stalled ? 'error' : 'warning',
          reason,
          message: hide(message).slice(0, MESSAGE_CHARACTERS),
          revision,
          resource: null,
        });
      }
      failing = keys;
    },
    async status(said) {
      const nowMs = parts.monotonicMs();
      if (told !== null && nowMs - told.atMs < STATUS_MS && isSame(told.said, said)) return told.body;
      const whole = buildStatus({
        ...said,
        ...(await facts(parts, said, startedMs)),
        driftKnown: drifts.known(),
        inside: drifts.inside(),
        previous: conditions,
      });
      const body = withoutSecrets(whole, hide);
      conditions = body.conditions;
      reporter.status(body);
      const { host: _host, agent: _agent, ...lasting } = body;
      const outline = JSON.stringify(lasting);
      if (
        outline !== stored &&
        persist(() => store.putStatus(JSON.stringify({ ts: parts.now().toISOString(), ...body })))
      )
        stored = outline;
      const steady = outline === stored && drifts.inside().length === 0;
      told = steady ? { said, body, atMs: nowMs } : null;
      return body;
    },
  };
}

/** Nothing is wrong, and all that it is made of is the very same. */
function isSame(a: Said, b: Said): boolean {
  return a.failures.length + b.failures.length === 0 && STEADY.every((key) => a[key] === b[key]);
}

const STEADY = [
  ...(['gitRevision', 'lastGood', 'effective', 'observed', 'plan', 'waiting', 'working', 'progress'] as const),
];

/** What people and the Engine worded: containers and errors may repeat what they were given. */
function withoutSecrets(body: StatusBody, hide: Hide): StatusBody {
  const hidden = (value: StatusBody['drift'][number]['desired']) => hideDeep(value, hide) as typeof value;
  return {
    ...body,
    conditions: body.conditions.map((condition) => ({ ...condition, message: hide(condition.message) })),
    apps: body.apps.map((app) => ({
      ...app,
      services: app.services.map((service) => ({
        ...service,
        image: hide(service.image),
        ...(service.message === undefined ? {} : { message: hide(service.message) }),
      })),
    })),
    drift: body.drift.map((entry) => ({
      ...entry,
      desired: hidden(entry.desired),
      observed: hidden(entry.observed),
    })),
  };
}

async function facts(parts: Parts, { observed, effective }: Said, startedMs: number) {
  const [host, clockSynced] = await Promise.all([parts.hostFacts(), parts.clockSynced()]);
  return {
    host: host === null ? null : { ...host, engine: observed?.engine.version ?? '' },
    clockSynced,
    agent: { version: parts.version, uptime_s: Math.floor((parts.monotonicMs() - startedMs) / 1000) },
    applied: parts.store.applied(),
    signedBy: signerOf(parts.store.signer(), effective?.desired.revision ?? null),
    source: { way: parts.source.way(), verified: parts.verifier !== null },
    now: parts.now().toISOString(),
  };
}

function signerOf(signer: AcceptedSigner | null, revision: string | null): string | null {
  return signer !== null && signer.revision === revision ? signer.signedBy : null;
}

function previousConditions(stored: string | null): readonly Condition[] {
  try {
    const parsed: unknown = JSON.parse(stored ?? '{}');
    if (typeof parsed !== 'object' || parsed === null || !('conditions' in parsed)) return [];
    return Array.isArray(parsed.conditions) ? (parsed.conditions as Condition[]) : [];
  } catch {
    // A damaged row is as good as none: conditions begin anew.
    return [];
  }
}
