// What a device runs, app by app, out of the history of the repository that declares it: an app that was rolled back, or that
// waits for its window, runs another revision than the rest.
import type { Desired } from '../../fleet/model/desired.ts';
import type { AppVersion, Quarantined, Rollout } from '../../fleet/model/rollout.ts';
import { declaredVersions } from '../../fleet/rollout/effective.ts';
import { appSpec } from '../../fleet/rollout/spec.ts';
import type { SecretsAs } from '../repository/resolve-in.ts';
import { appliedAt } from './applied-at.ts';
import type { Snapshot } from './snapshot.ts';

export interface Runs {
  /** null: nothing was applied. */
  readonly applied: Desired | null;
  /** What runs counts as good, and as begun. */
  readonly rollout: Rollout;
}

/** @throws CliError when the history does not have a revision, or it does not resolve */
export async function runsOn(folder: string, device: string, snapshot: Snapshot, secretsAs: SecretsAs): Promise<Runs> {
  const { revision, apps } = snapshot;
  const known = new Map<string, Promise<Desired>>();
  const at = (wanted: string) => {
    const found = known.get(wanted) ?? appliedAt(folder, device, wanted, secretsAs);
    known.set(wanted, found);
    return found;
  };
  const version = async (wanted: string, name: string) =>
    declaredVersions(await at(wanted), []).find(({ app }) => app.name === name);
  const versions: AppVersion[] = [];
  const quarantine: Quarantined[] = [];
  for (const app of apps) {
    const runs = revisionOf(app, snapshot);
    const found = runs === null ? undefined : await version(runs, app.name);
    if (found !== undefined) versions.push(found);
    const failed = app.quarantined && (await version(app.quarantined.revision, app.name));
    if (app.quarantined && failed)
      quarantine.push({ app: app.name, spec: appSpec(failed.app), message: '', ...app.quarantined });
  }
  if (revision.applied !== null && !isWhole(snapshot)) {
    const told = new Set(apps.map(({ name }) => name));
    versions.push(...declaredVersions(await at(revision.applied), []).filter(({ app }) => !told.has(app.name)));
  }
  const rollout = { goods: versions, begun: versions, lastGood: revision.last_good, quarantine };
  const base = revision.applied ?? versions[0]?.revision;
  if (base === undefined) return { applied: null, rollout };
  const secretValues = [...new Set(versions.flatMap((one) => one.secretValues))];
  return { applied: { ...(await at(base)), apps: versions.map(({ app }) => app), secretValues }, rollout };
}

/** Which revision an app runs. What is in force counts once it is applied; until then, what was applied before. null: none. */
function revisionOf(
  { revision: inForce, sync }: Snapshot['apps'][number],
  { revision, changes }: Snapshot,
): string | null {
  const isApplied = changes === 0 || sync === 'Synced' || inForce !== revision.desired;
  return inForce !== undefined && isApplied ? inForce : revision.applied;
}

/** It tells of every app that is there: one that is declared and not told of waits for its window. */
function isWhole({ revision, apps, cut }: Snapshot): boolean {
  const tells = apps.length > 0 && apps.every((app) => app.revision !== undefined);
  return tells && revision.desired === revision.applied && (cut?.apps ?? 0) === 0;
}
