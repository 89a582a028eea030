// Volumes of one app: created when missing and never removed. One that differs is reported, not replaced: it holds data.
import type { VolumeInspect } from '../../engine/inspect.ts';
import type { DesiredApp } from '../../model/desired.ts';
import type { Difference, Fields } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import type { Volume } from '../../model/volume.ts';
import { containerKey, LABEL, resourceKey } from '../../names.ts';
import type { Live } from '../attribute.ts';
import { isSettled } from '../inventory-item.ts';
import { isActedOn, judged } from '../ownership.ts';
import { redacted } from '../redact.ts';
import type { Scope } from './scope.ts';

/** Labels that tools group by are Holdfast's to set. */
const RESERVED: ReadonlySet<string> = new Set(Object.values(LABEL));

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
    ...prefixed('driver_opts', volume.driver_opts),
    ...prefixed('labels', Object.fromEntries(Object.entries(volume.labels).filter(([key]) => !RESERVED.has(key)))),
  };
}

function planVolume(scope: Scope, app: DesiredApp, volume: Volume): string | undefined {
  const { draft } = scope;
  const resource = resourceKey('volume', app.name, volume.key);
  const live = scope.volumes.get(volume.name);
  if (live !== undefined) {
    if (!volume.external) reportDifferences(scope, app, volume, live);
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
  const found = judged(app, [missing], scope.held);
  draft.differences.push(...found);
  if (!found.some(isActedOn)) return undefined;
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

/**
 * A service that moves to a volume that is not there yet starts on an empty one. That may be meant, and its old data stays
 * where it is: nothing holds it up, and where the data is gets said.
 */
export function noteMovedData(scope: Scope, app: DesiredApp, service: Service, { container }: Live): void {
  for (const mount of service.mounts) {
    if (mount.type !== 'volume' || mount.source === null) continue;
    const volume = app.volumes.find(({ key }) => key === mount.source);
    const before = container.Mounts?.find(({ Destination, Type }) => Destination === mount.target && Type === 'volume');
    if (volume === undefined || before?.Name === undefined || before.Name === volume.name) continue;
    if (scope.volumes.has(volume.name)) continue;
    const keep = `to go on with it, declare volumes.${volume.key}.name: ${before.Name}`;
    scope.draft.notes.push(
      `${app.name}/${containerKey(service)}: volume ${volume.name} at ${mount.target} is new and empty; the data stays in volume ${before.Name}, which is kept; ${keep}`,
    );
  }
}

function reportDifferences(scope: Scope, app: DesiredApp, volume: Volume, live: VolumeInspect): void {
  const resource = resourceKey('volume', app.name, volume.key);
  const found = judged(app, compareVolume(scope, app, volume, live), scope.held);
  scope.draft.differences.push(...found);
  const blocking = found.filter(isActedOn);
  if (blocking.length === 0) return;
  const message = `volume "${volume.name}" differs in ${blocking.map(({ field }) => field).join(', ')}; it holds data and is never replaced: declare a volume of another name, or remove it by hand`;
  scope.draft.blocked.push({ resource, app: app.name, reason: 'PruneGuard', message });
}

/** The Engine changes nothing of a volume. Where the data lies decides what a service reads; labels only say something of it. */
function compareVolume(scope: Scope, app: DesiredApp, volume: Volume, live: VolumeInspect): Difference[] {
  const resource = resourceKey('volume', app.name, volume.key);
  const applied = scope.appliedOf('volume', volume.name, resource);
  const desired = volumeFields(volume);
  const observed: Fields = {
    driver: live.Driver ?? null,
    ...prefixed('driver_opts', live.Options ?? {}),
    ...prefixed('labels', live.Labels ?? {}),
  };
  const fields = Object.keys({ ...desired, ...applied }).filter((field) => field === 'driver' || field.includes('.'));
  return fields.sort().flatMap((field): Difference[] => {
    const [want, before, have] = [desired[field] ?? null, applied?.[field] ?? null, observed[field] ?? null];
    const isOpen = want === null && (before === null || field === 'driver');
    if (have === want || isOpen) return [];
    const difference: Difference = {
      resource,
      app: app.name,
      kind: 'field',
      field,
      desired: want,
      observed: have,
      origin: isSettled(applied) && before === want ? 'drift' : 'change',
      ...(field.startsWith('labels.') ? { left: 'warn' } : {}),
    };
    return [redacted(difference, scope.hide)];
  });
}

function prefixed(key: string, values: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${key}.${name}`, value]));
}
