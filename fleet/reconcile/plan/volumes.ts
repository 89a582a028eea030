// Volumes of one app: created when missing and never removed. One that differs is reported, not replaced: it holds data.
import type { DesiredApp } from '../../model/desired.ts';
import type { Difference, Fields } from '../../model/plan.ts';
import type { Volume } from '../../model/volume.ts';
import { LABEL, resourceKey } from '../../names.ts';
import { isSettled } from '../inventory-item.ts';
import { redacted } from '../redact.ts';
import type { Scope } from './scope.ts';

/** The step that makes each volume that is not there yet, by volume key. */
export type VolumeSteps = ReadonlyMap<string, string>;

export function planVolumes(scope: Scope, app: DesiredApp): VolumeSteps {
  const ready = new Map<string, string>();
  for (const volume of app.volumes) {
    const step = planVolume(scope, app, volume);
    if (step !== undefined) ready.set(volume.key, step);
  }
  return ready;
}

export function volumeFields(volume: Volume): Fields {
  return {
    driver: volume.driver ?? null,
    ...Object.fromEntries(Object.entries(volume.driver_opts).map(([key, value]) => [`driver_opts.${key}`, value])),
  };
}

function planVolume(scope: Scope, app: DesiredApp, volume: Volume): string | undefined {
  const { draft } = scope;
  const resource = resourceKey('volume', app.name, volume.key);
  const live = scope.volumes.get(volume.name);
  if (live !== undefined) {
    if (!volume.external) reportDifferences(scope, app, volume, live.Driver, live.Options ?? {});
    return undefined;
  }
  if (volume.external) {
    const message = `external volume "${volume.name}" does not exist on this host; create it with "docker volume create ${volume.name}"`;
    draft.blocked.push({ resource, app: app.name, reason: 'DependencyNotReady', message });
    return undefined;
  }
  const known = isSettled(scope.appliedOf('volume', volume.name, resource));
  const missing: Difference = {
    resource,
    app: app.name,
    kind: 'missing',
    field: null,
    desired: volume.name,
    observed: null,
    origin: known ? 'drift' : 'change',
  };
  draft.differences.push(missing);
  if (app.drift === 'warn' && known) return undefined;
  const body = {
    Name: volume.name,
    ...(volume.driver === undefined ? {} : { Driver: volume.driver }),
    DriverOpts: { ...volume.driver_opts },
    Labels: {
      ...volume.labels,
      [LABEL.device]: scope.desired.device,
      [LABEL.app]: app.name,
      [LABEL.composeProject]: app.name,
      [LABEL.composeVolume]: volume.key,
    },
  };
  return draft.add(
    { kind: 'create-volume', body },
    { subject: `${app.name}/${volume.key}`, app: app.name, resource, cause: known ? 'not there' : 'new volume' },
  );
}

function reportDifferences(
  scope: Scope,
  app: DesiredApp,
  volume: Volume,
  driver: string | undefined,
  options: Readonly<Record<string, string>>,
): void {
  const resource = resourceKey('volume', app.name, volume.key);
  const applied = scope.appliedOf('volume', volume.name, resource);
  const observed: Fields = {
    driver: driver ?? null,
    ...Object.fromEntries(Object.entries(options).map(([key, value]) => [`driver_opts.${key}`, value])),
  };
  const differing = Object.entries(volumeFields(volume)).filter(
    ([field, want]) => want !== null && observed[field] !== want,
  );
  for (const [field, want] of differing) {
    const origin = isSettled(applied) && applied[field] === want ? 'drift' : 'change';
    const difference = {
      resource,
      app: app.name,
      kind: 'field',
      field,
      desired: want,
      observed: observed[field] ?? null,
      origin,
    } as const;
    scope.draft.differences.push(redacted(difference, scope.hide));
  }
  if (differing.length === 0) return;
  const message = `volume "${volume.name}" differs in ${differing.map(([field]) => field).join(', ')}; it holds data and is never replaced: declare a volume of another name, or remove it by hand`;
  scope.draft.blocked.push({ resource, app: app.name, reason: 'PruneGuard', message });
}
