// What a device reported of itself, laid over what is expected of it: its drift, and the health of its services.
import type { NetworkInspect, VolumeInspect } from '../../engine/inspect.ts';
import type { Health } from '../../model/conditions.ts';
import type { Desired, DesiredApp } from '../../model/desired.ts';
import type { ContentState, Observed, ObservedContainer } from '../../model/observed.ts';
import { containerKey, LABEL, resourceKey } from '../../names.ts';
import type { AppStatus, DriftEntry } from '../../wire/messages.ts';
import { liveMounts, livePlace } from '../attributes/live.ts';
import { mountField } from '../attributes/mounts.ts';
import { networkKeyOf, networkName } from '../attributes/networking.ts';
import { nameOf, numberOf } from '../match.ts';
import { idOf } from './machine.ts';

export interface Report {
  readonly drift: readonly DriftEntry[];
  readonly apps: readonly AppStatus[];
}

/** `applied`: what the report is about. Never throws: what cannot be understood is left out. */
export function withReport(observed: Observed, applied: Desired, { drift, apps }: Report): Observed {
  return drift.reduce((seen, entry) => withDrift(seen, applied, entry), withHealth(observed, apps));
}

/** By `service:kiosk/web`; the first container that carries its labels. */
function withContainer(
  observed: Observed,
  resource: string,
  change: (container: ObservedContainer) => ObservedContainer | null,
): Observed {
  let found = false;
  const containers = observed.containers.flatMap((container) => {
    if (found || resourceOf(container) !== resource) return [container];
    found = true;
    return change(container) ?? [];
  });
  return { ...observed, containers };
}

function withHealth(observed: Observed, apps: readonly AppStatus[]): Observed {
  return apps.reduce(
    (before, app) =>
      app.services.reduce(
        (seen, { name, health }) =>
          withContainer(seen, resourceKey('service', app.name, name), (container) => healthy(container, health)),
        before,
      ),
    observed,
  );
}

const CHECKS: Partial<Record<Health, string>> = { Healthy: 'healthy', Progressing: 'starting', Degraded: 'unhealthy' };

function healthy(container: ObservedContainer, health: Health): ObservedContainer | null {
  if (health === 'Missing') return null;
  const Status = CHECKS[health];
  if (Status === undefined || container.inspect.State.Status !== 'running') return container;
  return withState(container, { Health: { Status } });
}

function withState(container: ObservedContainer, state: Partial<ObservedContainer['inspect']['State']>) {
  const { inspect } = container;
  return { ...container, inspect: { ...inspect, State: { ...inspect.State, ...state } } };
}

/** What was found inside a container is told of, and never acted on. */
const INSIDE: ReadonlySet<string> = new Set(['files', 'exec']);

function withDrift(observed: Observed, applied: Desired, entry: DriftEntry): Observed {
  const { resource, kind, field } = entry;
  const [type = '', name = ''] = resource.split(/:(.*)/s);
  const app = applied.apps.find((one) => name.startsWith(`${one.name}/`));
  if (app === undefined) return observed;
  const key = name.slice(app.name.length + 1);
  if (type === 'network') return withNetwork(observed, app.networks.find((one) => one.key === key)?.name, entry);
  if (type === 'volume') return withVolume(observed, app.volumes.find((one) => one.key === key)?.name, entry);
  if (type !== 'service') return observed;
  if (kind === 'missing') return withContainer(observed, resource, () => null);
  if (field === null) return withStranger(observed, entry);
  if (kind === 'unexpected' && INSIDE.has(field)) return observed;
  const [, contentId, edit] = /^(?:content|secret) (\S+) (edited|missing)/.exec(String(entry.observed)) ?? [];
  if (contentId !== undefined) {
    const state: ContentState =
      edit === 'missing' ? { kind: 'missing' } : { kind: 'edited', paths: editedPaths(entry) };
    const at = placeOf(app, resource, field) ?? contentId;
    return { ...observed, content: new Map([...observed.content, [at, state]]) };
  }
  return withContainer(observed, resource, (container) => withField(container, app, entry));
}

/** Where content lies that changes under its container, of one that is made anew; undefined: by its id. */
function placeOf(app: DesiredApp, resource: string, field: string): string | undefined {
  const service = app.services.find((one) => resourceKey('service', app.name, containerKey(one)) === resource);
  const mount = service && liveMounts(service).find((one) => mountField(one) === field);
  return service && mount && livePlace(app, service, mount, 0);
}

function editedPaths({ observed }: DriftEntry): string[] {
  return (/edited \((.*)\)$/.exec(String(observed))?.[1] ?? '').split(', ').filter((path) => path !== '');
}

function withField(container: ObservedContainer, app: DesiredApp, entry: DriftEntry): ObservedContainer {
  const field = entry.field ?? '';
  if (field === 'state') return stopped(container, String(entry.observed));
  const { inspect } = container;
  const reported = { ...container.reported, [field]: entry.observed };
  if (field === 'container_name') return { ...container, inspect: { ...inspect, Name: `/${String(entry.observed)}` } };
  const key = networkKeyOf(field);
  if (key === null) return { ...container, reported };
  // Steps disconnect what is connected: the connection itself has to be there, or not.
  const network = networkName(app, key);
  const { [network]: connection = {}, ...others } = inspect.NetworkSettings.Networks ?? {};
  const Networks = entry.observed === null ? others : { ...others, [network]: connection };
  return { ...container, reported, inspect: { ...inspect, NetworkSettings: { Networks } } };
}

/** `exited (137)`, `paused`, `created`, `dead` */
function stopped(container: ObservedContainer, state: string): ObservedContainer {
  const [, status, code] = /^(created|paused|exited|dead)(?: \((\d+)\))?$/.exec(state) ?? [];
  if (status === undefined) return container;
  const Status = status as 'created' | 'paused' | 'exited' | 'dead';
  // Had it ended by itself and well, it would not be told as drift.
  return { ...withState(container, { Status, ExitCode: Number(code ?? 0) }), stoppedByRequest: true };
}

/** Another container with the service's labels, which is only ever told of. */
function withStranger(observed: Observed, { resource, observed: what }: DriftEntry): Observed {
  const [, name] = /^container (.+)$/.exec(String(what)) ?? [];
  const like = observed.containers.find((container) => resourceOf(container) === resource);
  if (name === undefined || like === undefined) return observed;
  const inspect = { ...like.inspect, Id: idOf('container', name), Name: `/${name}` };
  return { ...observed, containers: [...observed.containers, { ...like, inspect }] };
}

function withNetwork(observed: Observed, name: string | undefined, entry: DriftEntry): Observed {
  const networks = observed.networks.flatMap((network) => {
    if (network.Name !== name) return [network];
    return entry.kind === 'missing' ? [] : [networkWith(network, entry)];
  });
  return { ...observed, networks };
}

function networkWith(network: NetworkInspect, { field, observed }: DriftEntry): NetworkInspect {
  const key = (prefix: string) => (field?.startsWith(prefix) === true ? field.slice(prefix.length) : null);
  const [label, option] = [key('labels.'), key('driver_opts.')];
  if (label !== null) return { ...network, Labels: withValue(network.Labels, label, observed) };
  if (option !== null) return { ...network, Options: withValue(network.Options, option, observed) };
  switch (field) {
    case 'driver':
      return { ...network, Driver: String(observed) };
    case 'internal':
      return { ...network, Internal: observed === true };
    case 'attachable':
      return { ...network, Attachable: observed === true };
    case 'enable_ipv4':
      return { ...network, EnableIPv4: observed === true };
    case 'enable_ipv6':
      return { ...network, EnableIPv6: observed === true };
    case 'subnets':
      return {
        ...network,
        IPAM: { ...network.IPAM, Config: (Array.isArray(observed) ? observed : []).map((Subnet) => ({ Subnet })) },
      };
    default:
      return network;
  }
}

function withVolume(observed: Observed, name: string | undefined, entry: DriftEntry): Observed {
  const volumes = observed.volumes.flatMap((volume): readonly VolumeInspect[] => {
    if (volume.Name !== name) return [volume];
    if (entry.kind === 'missing') return [];
    if (entry.field === 'driver') return [{ ...volume, Driver: String(entry.observed) }];
    const option = entry.field?.replace(/^driver_opts\./, '') ?? '';
    return [{ ...volume, Options: withValue(volume.Options, option, entry.observed) }];
  });
  return { ...observed, volumes };
}

function withValue(
  values: Readonly<Record<string, string>> | null | undefined,
  key: string,
  value: DriftEntry['observed'],
): Record<string, string> {
  const { [key]: _, ...others } = values ?? {};
  return value === null ? others : { ...others, [key]: String(value) };
}

function resourceOf(container: ObservedContainer): string | null {
  const labels = container.inspect.Config.Labels ?? {};
  const [app, name] = [labels[LABEL.app], labels[LABEL.service]];
  if (app === undefined || name === undefined || nameOf(container) === '') return null;
  return resourceKey('service', app, containerKey({ name, number: numberOf(labels) }));
}
