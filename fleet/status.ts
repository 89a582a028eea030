// The status snapshot: what the agent says of its device, from what it knows after a cycle. Pure; bounded by the reporter.
import { conditionsOf } from './conditions.ts';
import { type Condition, type Health, type Reason, type Sync, worstHealth } from './model/conditions.ts';
import type { DesiredApp } from './model/desired.ts';
import type { Observed } from './model/observed.ts';
import type { Difference, Plan } from './model/plan.ts';
import type { Quarantined } from './model/rollout.ts';
import type { Service } from './model/service.ts';
import { containerKey } from './names.ts';
import { healthOf } from './reconcile/health.ts';
import { driftKey, isDrift } from './reconcile/ownership.ts';
import type { Effective, InForce } from './rollout/effective.ts';
import type { AppStatus, DriftEntry, HostFacts, ServiceStatus, Status } from './wire/messages.ts';

/** Something that keeps the device from where Git wants it. */
export interface Failure {
  /** The same for the same trouble, whatever its message says in the meantime. */
  readonly key: string;
  readonly reason: Reason;
  readonly message: string;
  /** Only a person or a new commit can end it; otherwise it is tried again. */
  readonly stalled: boolean;
  /** There was an event of it when it began. */
  readonly told?: true;
}

export interface StatusInput {
  readonly agent: Status['agent'];
  readonly clockSynced: boolean;
  readonly host: HostFacts | null;
  /** The revision that Git names; null: not known yet. */
  readonly gitRevision: string | null;
  /** The version of each app that is in force. */
  readonly effective: Effective | null;
  readonly applied: string | null;
  readonly lastGood: string | null;
  /** Who signed the desired revision in force; null: nobody looked. */
  readonly signedBy: string | null;
  readonly source: Status['source'];
  /** null: the Engine could not be looked at. */
  readonly observed: Observed | null;
  readonly plan: Plan | null;
  /** Changes that wait for a window, in a sentence; null: none do. */
  readonly waiting: string | null;
  /** Steps are being carried out, or the health gate is still open. */
  readonly working: boolean;
  /** How far the steps are, in words; absent: there is nothing to say. */
  readonly progress?: string;
  readonly failures: readonly Failure[];
  /** When each drift was first seen and what did it, by `driftKey`. */
  readonly driftKnown: ReadonlyMap<string, { readonly since: string; readonly by?: string }>;
  /** What was found inside containers: told beside the plan's drift, and no reason not to be ready. */
  readonly inside: readonly Difference[];
  readonly previous: readonly Condition[];
  /** ISO 8601 */
  readonly now: string;
}

export type StatusBody = Omit<Status, 'schema' | 'device' | 'instance' | 'boot' | 'seq' | 'ts'>;

export function buildStatus(input: StatusInput): StatusBody {
  const { effective, plan, now } = input;
  const desired = effective?.desired ?? null;
  const inForce = [...(effective?.apps.values() ?? [])];
  const apps = desired === null ? [] : inForce.map((app) => appStatus(app, desired.device, input));
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
    conditions: conditionsOf(input, sync, apps),
    apps,
    drift: [...(plan?.differences ?? []).filter(isDrift), ...(plan === null ? [] : input.inside)].map((difference) =>
      driftEntry(difference, { since: now, ...input.driftKnown.get(driftKey(difference)) }),
    ),
    changes: (plan?.differences ?? []).filter(({ origin }) => origin === 'change').length,
    host: input.host,
  };
}

function driftEntry(
  { resource, kind, field, desired, observed }: Difference,
  known: { readonly since: string; readonly by?: string },
): DriftEntry {
  const mutable = (value: Difference['desired']) => (typeof value === 'object' && value !== null ? [...value] : value);
  return { resource, kind, field, desired: mutable(desired), observed: mutable(observed), ...known };
}

function appStatus(
  { app, revision, quarantined, waits }: InForce,
  device: string,
  { observed, plan }: StatusInput,
): AppStatus {
  const services = app.services.map((service) => serviceStatus(app, service, device, observed));
  const differs =
    quarantined !== null ||
    plan?.differences.some((difference) => difference.app === app.name) ||
    plan?.blocked.some((blocked) => blocked.app === app.name) ||
    waits;
  return {
    name: app.name,
    sync: observed === null || plan === null ? 'Unknown' : differs ? 'OutOfSync' : 'Synced',
    health: app.suspend
      ? 'Suspended'
      : observed === null
        ? 'Unknown'
        : worstHealth(services.map((service) => service.health)),
    services,
    revision,
    ...(quarantined === null ? {} : { quarantined: pick(quarantined) }),
  };
}

function pick({ revision, reason, since }: Quarantined) {
  return { revision, reason, since };
}

function serviceStatus(app: DesiredApp, service: Service, device: string, observed: Observed | null): ServiceStatus {
  if (observed === null)
    return { name: containerKey(service), health: 'Unknown', image: service.image, digest: null, restarts: 0 };
  const { main, ...health } = healthOf(device, app, service, observed);
  const image = main && observed.images.get(main.inspect.Image);
  const digest = image?.RepoDigests?.[0]?.split('@')[1] ?? null;
  return {
    name: containerKey(service),
    image: service.image,
    digest,
    restarts: main?.inspect.RestartCount ?? 0,
    ...health,
  };
}

function overallHealth({ effective, observed }: StatusInput, apps: readonly AppStatus[]): Health {
  const desired = effective?.desired ?? null;
  if (desired === null || observed === null) return 'Unknown';
  return desired.suspend ? 'Suspended' : worstHealth(apps.map((app) => app.health));
}

function overallSync(
  { effective, observed, plan, waiting, gitRevision }: StatusInput,
  apps: readonly AppStatus[],
): Sync {
  const desired = effective?.desired ?? null;
  if (desired === null || observed === null || plan === null) return 'Unknown';
  const behind = gitRevision !== null && gitRevision !== desired.revision;
  const differs = plan.differences.length > 0 || plan.blocked.length > 0 || waiting !== null;
  return behind || differs || apps.some((app) => app.sync !== 'Synced') ? 'OutOfSync' : 'Synced';
}
