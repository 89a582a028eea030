// What to plan for, app by app: the declared version; while its maintenance windows are closed the one that began before; and in
// place of one in quarantine its last known good one.
import type { Ask } from '../model/ask.ts';
import type { Desired, DesiredApp } from '../model/desired.ts';
import type { AppVersion, Quarantined, Rollout } from '../model/rollout.ts';
import { appSpec } from './spec.ts';

/** The version of one app that is in force. */
export interface InForce {
  /** What runs is the version's; how it is treated is what Git says now. */
  readonly app: DesiredApp;
  readonly spec: string;
  readonly revision: string;
  readonly version: AppVersion;
  /** It is the last known good version: it does not have to prove itself again, and is never rolled back. */
  readonly proved: boolean;
  /** What is to run again when this version fails; null: it stays, whatever becomes of it. */
  readonly fallback: AppVersion | null;
  /** The version that would be in force, had it not failed; null: it did not. */
  readonly quarantined: Quarantined | null;
  /** Git declares another version, which waits for a window. */
  readonly waits: boolean;
}

export interface Effective {
  readonly desired: Desired;
  /** What it asks of the host. */
  readonly asks: readonly Ask[];
  /** By name, in the order of `desired.apps`. */
  readonly apps: ReadonlyMap<string, InForce>;
  /** Apps whose change waits for a window, those that are to come or go included. */
  readonly waiting: readonly Waiting[];
}

export interface Waiting {
  /** As it is declared; when Git says nothing of it any more, as it runs. */
  readonly app: DesiredApp;
  /** null: it is not there yet. */
  readonly before: DesiredApp | null;
  /** null: Git says nothing of it any more. */
  readonly after: DesiredApp | null;
}

const NONE: ReadonlySet<string> = new Set();

/** `closed`: apps whose maintenance windows are all closed. The first revision of a device waits for none. */
export function effectiveState(
  accepted: Desired,
  asks: readonly Ask[],
  rollout: Rollout,
  closed: ReadonlySet<string> = NONE,
): Effective {
  const good = byName(rollout.goods);
  const begun = new Map([...good, ...byName(rollout.begun)]);
  const declared = declaredVersions(accepted, asks);
  const names = new Set(declared.map(({ app }) => app.name));
  const isClosed = (name: string) => closed.has(name) && begun.size > 0;
  const changed = declared.filter(({ app }) => isClosed(app.name) && isOther(begun.get(app.name), app));
  const leaving = rollout.begun.filter(({ app }) => !names.has(app.name) && isClosed(app.name));
  const waiting = [
    ...changed.map(({ app }): Waiting => ({ app, before: begun.get(app.name)?.app ?? null, after: app })),
    ...leaving.map(({ app }): Waiting => ({ app, before: app, after: null })),
  ];
  const waits = new Set(waiting.map(({ app }) => app.name));
  const candidates = [
    ...declared.flatMap((one) => (changed.includes(one) ? (begun.get(one.app.name) ?? []) : one)),
    ...leaving,
  ];
  const treated = new Map(accepted.apps.map((app) => [app.name, app]));
  const apps = new Map(
    candidates.map((version) => {
      const { name } = version.app;
      const as = treated.get(name) ?? version.app;
      return [name, inForce(version, as, good.get(name), rollout.quarantine, waits.has(name))];
    }),
  );
  return { ...state(accepted, asks, [...apps.values()], declared), apps, waiting };
}

function state(accepted: Desired, asks: readonly Ask[], apps: readonly InForce[], declared: readonly AppVersion[]) {
  const asDeclared = apps.length === declared.length && apps.every(({ version }) => declared.includes(version));
  if (asDeclared) return { desired: accepted, asks };
  const secretValues = [
    ...new Set([accepted, ...apps.map(({ version }) => version)].flatMap((one) => one.secretValues)),
  ];
  return {
    desired: { ...accepted, apps: apps.map(({ app }) => app), secretValues },
    asks: apps.flatMap(({ version }) => version.asks),
  };
}

function inForce(
  version: AppVersion,
  treated: DesiredApp,
  good: AppVersion | undefined,
  quarantine: readonly Quarantined[],
  waits: boolean,
): InForce {
  const spec = appSpec(version.app);
  const goodSpec = good && appSpec(good.app);
  const failed = quarantine.find((entry) => entry.app === treated.name && entry.spec === spec);
  const backs = good !== undefined && goodSpec !== undefined && goodSpec !== spec && treated.rollback;
  const [runs, runsSpec] = backs && failed !== undefined ? [good, goodSpec] : [version, spec];
  const { services, networks, volumes } = runs.app;
  return {
    app: runs.app === treated ? treated : { ...treated, services, networks, volumes },
    spec: runsSpec,
    revision: runs.revision,
    version: runs,
    proved: goodSpec === runsSpec,
    fallback: backs && failed === undefined ? good : null,
    quarantined: backs ? (failed ?? null) : null,
    waits,
  };
}

/** Its apps as it declares them. */
export function declaredVersions({ apps, revision, secretValues }: Desired, asks: readonly Ask[]): AppVersion[] {
  return apps.map((app) => ({ app, revision, secretValues, asks: asks.filter((ask) => ask.app === app.name) }));
}

function isOther(version: AppVersion | undefined, app: DesiredApp): boolean {
  return version === undefined || appSpec(version.app) !== appSpec(app);
}

function byName(versions: readonly AppVersion[]): ReadonlyMap<string, AppVersion> {
  return new Map(versions.map((version) => [version.app.name, version]));
}
