// The status snapshot: what the agent says of its device, from what it knows after a cycle. Pure; bounded by the reporter.
import { type Condition, type Health, type Reason, type Sync, worstHealth } from './model/conditions.ts';
import type { Desired, DesiredApp } from './model/desired.ts';
import type { Observed } from './model/observed.ts';
import type { Difference, Plan } from './model/plan.ts';
import type { Service } from './model/service.ts';
import { containerKey, shortRevision } from './names.ts';
import { serviceHealth } from './reconcile/health.ts';
import { matchService } from './reconcile/match.ts';
import type { AppStatus, DriftEntry, HostFacts, ServiceStatus, Status } from './wire/messages.ts';

/** Something that keeps the device from where Git wants it. */
export interface Failure {
  /** The same for the same trouble, whatever its message says in the meantime. */
  readonly key: string;
  readonly reason: Reason;
  readonly message: string;
  /** Only a person or a new commit can end it; otherwise it is tried again. */
  readonly stalled: boolean;
}

export interface StatusInput {
  readonly agent: Status['agent'];
  readonly clockSynced: boolean;
  readonly host: HostFacts | null;
  /** The revision that Git names; null: not known yet. */
  readonly gitRevision: string | null;
  readonly desired: Desired | null;
  readonly applied: string | null;
  readonly lastGood: string | null;
  /** Who signed the desired revision in force; null: nobody looked. */
  readonly signedBy: string | null;
  readonly source: Status['source'];
  /** null: the Engine could not be looked at. */
  readonly observed: Observed | null;
  readonly plan: Plan | null;
  /** Steps are being carried out, or the health gate is still open. */
  readonly working: boolean;
  readonly failures: readonly Failure[];
  /** When each drift was first seen, by `driftKey`. */
  readonly driftSince: ReadonlyMap<string, string>;
  readonly previous: readonly Condition[];
  /** ISO 8601 */
  readonly now: string;
}

export type StatusBody = Omit<Status, 'schema' | 'device' | 'instance' | 'boot' | 'seq' | 'ts'>;

export function buildStatus(input: StatusInput): StatusBody {
  const { desired, observed, plan, now } = input;
  const apps = desired === null ? [] : desired.apps.map((app) => appStatus(app, desired.device, observed, plan));
  const sync = overallSync(input, apps);
  const health: Health = overallHealth(input, apps);
  return {
    clock_synced: input.clockSynced,
    agent: input.agent,
    revision: {
      desired: input.gitRevision ?? desired?.revision ?? null,
      applied: input.applied,
      last_good: input.lastGood,
      signed_by: input.signedBy,
    },
    source: input.source,
    labels: { ...desired?.labels },
    sync,
    health,
    conditions: conditions(input, sync, apps),
    apps,
    drift: (plan?.differences ?? [])
      .filter(isDrift)
      .map((difference) => driftEntry(difference, input.driftSince.get(driftKey(difference)) ?? now)),
    changes: (plan?.differences ?? []).filter(({ origin }) => origin === 'change').length,
    host: input.host,
  };
}

export function isDrift(difference: Difference): boolean {
  return difference.origin === 'drift';
}

/** Identifies one drift over time. */
export function driftKey({ resource, field, kind }: Difference): string {
  return `${resource}|${field ?? kind}`;
}

function driftEntry({ resource, kind, field, desired, observed }: Difference, since: string): DriftEntry {
  const mutable = (value: Difference['desired']) => (typeof value === 'object' && value !== null ? [...value] : value);
  return { resource, kind, field, desired: mutable(desired), observed: mutable(observed), since };
}

function appStatus(app: DesiredApp, device: string, observed: Observed | null, plan: Plan | null): AppStatus {
  const services = app.services.map((service) => serviceStatus(app, service, device, observed));
  const differs =
    plan?.differences.some((difference) => difference.app === app.name) ||
    plan?.blocked.some((blocked) => blocked.app === app.name);
  return {
    name: app.name,
    sync: observed === null || plan === null ? 'Unknown' : differs ? 'OutOfSync' : 'Synced',
    health: observed === null ? 'Unknown' : worstHealth(services.map((service) => service.health)),
    services,
  };
}

function serviceStatus(app: DesiredApp, service: Service, device: string, observed: Observed | null): ServiceStatus {
  if (observed === null)
    return { name: containerKey(service), health: 'Unknown', image: service.image, digest: null, restarts: 0 };
  const { main } = matchService(device, app, service, observed, () => true);
  const image = main && observed.images.get(main.inspect.Image);
  const digest = image?.RepoDigests?.[0]?.split('@')[1] ?? null;
  return {
    name: containerKey(service),
    image: service.image,
    digest,
    restarts: main?.inspect.RestartCount ?? 0,
    ...serviceHealth(main, service.restart),
  };
}

function overallHealth({ desired, observed }: StatusInput, apps: readonly AppStatus[]): Health {
  if (desired === null || observed === null) return 'Unknown';
  return desired.suspend ? 'Suspended' : worstHealth(apps.map((app) => app.health));
}

function overallSync({ desired, observed, plan, gitRevision }: StatusInput, apps: readonly AppStatus[]): Sync {
  if (desired === null || observed === null || plan === null) return 'Unknown';
  const behind = gitRevision !== null && gitRevision !== desired.revision;
  const differs = plan.differences.length > 0 || plan.blocked.length > 0;
  return behind || differs || apps.some((app) => app.sync !== 'Synced') ? 'OutOfSync' : 'Synced';
}

function conditions(input: StatusInput, sync: Sync, apps: readonly AppStatus[]): Condition[] {
  const ready = readyCondition(input, sync, apps);
  const stalled = input.failures.find((failure) => failure.stalled);
  const retried = input.failures.find((failure) => !failure.stalled);
  const found: Omit<Condition, 'since'>[] = [{ type: 'Ready', ...ready }];
  if (stalled !== undefined)
    found.push({ type: 'Stalled', status: 'True', reason: stalled.reason, message: stalled.message });
  else if (retried !== undefined)
    found.push({ type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry', message: retried.message });
  else if (input.working)
    found.push({ type: 'Reconciling', status: 'True', reason: 'Progressing', message: ready.message });
  return found.map((condition) => ({ ...condition, since: sinceOf(condition, input.previous, input.now) }));
}

type Ready = Pick<Condition, 'status' | 'reason' | 'message'>;

function readyCondition(input: StatusInput, sync: Sync, apps: readonly AppStatus[]): Ready {
  const { desired, failures, plan, gitRevision } = input;
  const [failure] = failures;
  if (failure !== undefined) {
    const behind = desired !== null && desired.revision !== gitRevision;
    const keeps = behind ? [`${shortRevision(desired.revision)} stays in force`] : [];
    return {
      status: 'False',
      reason: failure.reason,
      message: [...failures.map(({ message }) => message), ...keeps].join('\n'),
    };
  }
  if (desired === null)
    return { status: 'Unknown', reason: 'Progressing', message: 'reading the fleet repository for the first time' };
  if (desired.suspend)
    return { status: 'Unknown', reason: 'Suspended', message: `suspend: true in ${shortRevision(desired.revision)}` };
  // Drift that is only reported (drift: warn) is not being worked on, whatever the gate still waits for.
  const left = plan?.steps.length === 0 && plan.differences.some(isDrift);
  const differences = count(plan?.differences.length ?? 0, 'difference');
  const message = `${differences} from ${shortRevision(desired.revision)} left as found`;
  const drifted: Ready = { status: 'False', reason: 'DriftDetected', message };
  if (left) return drifted;
  if (input.working)
    return { status: 'False', reason: 'Progressing', message: `applying ${shortRevision(desired.revision)}` };
  const ill = apps.flatMap((app) =>
    app.services
      .filter(({ health }) => health !== 'Healthy')
      .map(({ name, message }) => `${app.name}/${name}: ${message ?? 'not healthy'}`),
  );
  if (ill.length > 0) return { status: 'False', reason: 'HealthCheckFailed', message: ill.join('; ') };
  if (sync !== 'Synced') return drifted;
  return { status: 'True', reason: 'Succeeded', message: `runs ${shortRevision(desired.revision)}` };
}

function sinceOf(condition: Omit<Condition, 'since'>, previous: readonly Condition[], now: string): string {
  const before = previous.find(({ type }) => type === condition.type);
  return before?.status === condition.status ? before.since : now;
}

function count(amount: number, one: string): string {
  return `${amount} ${one}${amount === 1 ? '' : 's'}`;
}
