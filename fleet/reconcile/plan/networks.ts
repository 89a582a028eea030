// Networks of one app: created when missing; one that differs is replaced under its containers, which keep running.
import type { NetworkCreate } from '../../engine/create.ts';
import type { NetworkInspect } from '../../engine/inspect.ts';
import type { Hide } from '../../mask.ts';
import type { DesiredApp } from '../../model/desired.ts';
import type { Network } from '../../model/network.ts';
import type { Difference, Fields, Value } from '../../model/plan.ts';
import { LABEL, resourceKey } from '../../names.ts';
import { sameValue } from '../attribute.ts';
import { networkName } from '../attributes/networking.ts';
import { lackedByNetwork } from '../features.ts';
import { isSettled } from '../inventory-item.ts';
import { redacted } from '../redact.ts';
import { formatCause } from '../text.ts';
import { engineIpam, ipamFields, liveIpam } from './ipam.ts';
import type { Scope } from './scope.ts';

/** Labels that tools group by are Holdfast's to set. */
const RESERVED: ReadonlySet<string> = new Set(Object.values(LABEL));

/** By network key. */
export interface NetworkSteps {
  /** The step that makes the network, which whatever joins it has to wait for. Ask only for what joins. */
  ready(key: string): string | undefined;
  /** What was attached has to be connected again. */
  replaced(key: string): boolean;
}

export function planNetworks(scope: Scope, app: DesiredApp): NetworkSteps {
  for (const network of app.networks) {
    if (network.external) requireExternal(scope, app, network);
    else planNetwork(scope, app, network);
  }
  // What is external to this app may be another's, which replaces it under the containers of both.
  const stepOf = (key: string) => scope.networkSteps.get(networkName(app, key));
  return {
    ready(key) {
      const step = stepOf(key);
      return typeof step === 'function' ? step() : step;
    },
    replaced: (key) => typeof stepOf(key) === 'string' && scope.networks.has(networkName(app, key)),
  };
}

/** The app of this device, if any, that makes a network of this name. */
export function makerOf({ desired }: Pick<Scope, 'desired'>, name: string) {
  for (const app of desired.apps)
    for (const network of app.networks) if (network.name === name && !network.external) return { app, network };
  return undefined;
}

export function networkFields(network: Network): Fields {
  return {
    driver: network.driver ?? null,
    internal: network.internal,
    attachable: network.attachable,
    ...(network.enable_ipv4 === undefined ? {} : { enable_ipv4: network.enable_ipv4 }),
    ...(network.enable_ipv6 === undefined ? {} : { enable_ipv6: network.enable_ipv6 }),
    ...ipamFields(network.ipam),
    ...Object.fromEntries(Object.entries(network.driver_opts).map(([key, value]) => [`driver_opts.${key}`, value])),
    ...Object.fromEntries(
      Object.entries(network.labels)
        .filter(([key]) => !RESERVED.has(key))
        .map(([key, value]) => [`labels.${key}`, value]),
    ),
  };
}

function planNetwork(scope: Scope, app: DesiredApp, network: Network): void {
  const { draft } = scope;
  const resource = resourceKey('network', app.name, network.key);
  const frame = { subject: `${app.name}/${network.key}`, app: app.name, resource };
  const live = scope.networks.get(network.name);
  const applied = scope.appliedOf('network', network.name, resource);
  const lacks = lackedByNetwork(scope.observed.engine, network);
  if (lacks.length > 0) {
    draft.blocked.push({ resource, app: app.name, reason: 'ReconciliationFailed', message: lacks.join('; ') });
    return;
  }
  const body = networkBody(scope, app, network);
  if (live === undefined) {
    const missing: Difference = {
      resource,
      app: app.name,
      kind: 'missing',
      field: null,
      desired: network.name,
      observed: null,
      origin: isSettled(applied) ? 'drift' : 'change',
    };
    draft.differences.push(missing);
    const cause = isSettled(applied) ? 'not there' : 'new network';
    const create = () => draft.add({ kind: 'create-network', body }, { ...frame, cause });
    scope.networkSteps.set(network.name, app.drift === 'warn' && missing.origin === 'drift' ? create : create());
    return;
  }
  if (live.Labels?.[LABEL.device] !== scope.desired.device) {
    const message = `a network named "${network.name}" exists and is not of this device's making; remove it, or set "name:" or "external: true"`;
    draft.blocked.push({ resource, app: app.name, reason: 'NameConflict', message });
    return;
  }
  const differences = compareNetwork(resource, app, network, live, applied, scope.hide);
  draft.differences.push(...differences);
  const acted = app.drift === 'warn' ? differences.filter(({ origin }) => origin === 'change') : differences;
  if (acted.length === 0) return;
  const cause = formatCause(acted);
  const others = foreignContainers(scope, live);
  if (others > 0) {
    const message = `${cause}: the network "${network.name}" cannot be replaced while ${others} ${others === 1 ? 'container that is' : 'containers that are'} not of this device's making ${others === 1 ? 'is' : 'are'} connected to it; disconnect ${others === 1 ? 'it' : 'them'} first`;
    draft.blocked.push({ resource, app: app.name, reason: 'NameConflict', message });
    return;
  }
  const detach = attachedContainers(scope, network.name).map((id) =>
    draft.add(
      { kind: 'disconnect-network', container: id, network: live.Id },
      { ...frame, cause, detail: id.slice(0, 12) },
    ),
  );
  const removed = draft.add(
    { kind: 'remove-network', network: live.Id, name: network.name },
    { ...frame, cause, after: detach },
  );
  const created = draft.add({ kind: 'create-network', body }, { ...frame, cause, after: [removed] });
  scope.networkSteps.set(network.name, created);
}

function requireExternal(scope: Scope, app: DesiredApp, network: Network): void {
  if (scope.networks.has(network.name) || makerOf(scope, network.name) !== undefined) return;
  const message = `external network "${network.name}" does not exist on this host; create it with "docker network create ${network.name}"`;
  scope.draft.blocked.push({
    resource: resourceKey('network', app.name, network.key),
    app: app.name,
    reason: 'DependencyNotReady',
    message,
  });
}

function compareNetwork(
  resource: string,
  app: DesiredApp,
  network: Network,
  live: NetworkInspect,
  applied: Fields | null,
  hide: Hide,
): Difference[] {
  const desired = networkFields(network);
  const observed: Record<string, Value> = {
    driver: live.Driver ?? null,
    internal: live.Internal ?? false,
    attachable: live.Attachable ?? false,
    enable_ipv4: live.EnableIPv4 ?? true,
    enable_ipv6: live.EnableIPv6 ?? false,
    ...liveIpam(network.ipam, live),
    ...Object.fromEntries(Object.entries(live.Options ?? {}).map(([key, value]) => [`driver_opts.${key}`, value])),
    ...Object.fromEntries(Object.entries(live.Labels ?? {}).map(([key, value]) => [`labels.${key}`, value])),
  };
  const fields = new Set([...Object.keys(desired), ...Object.keys(applied ?? {})]);
  return [...fields].sort().flatMap((field): Difference[] => {
    const want = desired[field] ?? null;
    const have = observed[field] ?? null;
    if (sameValue(want, have) || (want === null && isEngines(field, have))) return [];
    const drifted = isSettled(applied) && sameValue(applied[field] ?? null, want);
    return [
      redacted(
        {
          resource,
          app: app.name,
          kind: 'field',
          field,
          desired: want,
          observed: have,
          origin: drifted ? 'drift' : 'change',
        },
        hide,
      ),
    ];
  });
}

/** Our containers on a network. */
function attachedContainers(scope: Scope, network: string): string[] {
  return scope.observed.containers
    .filter(({ inspect }) => inspect.Config.Labels?.[LABEL.device] === scope.desired.device)
    .filter(({ inspect }) => Object.hasOwn(inspect.NetworkSettings.Networks ?? {}, network))
    .map(({ inspect }) => inspect.Id);
}

/** The Engine removes no network that others are on: ours would be cut off in vain. */
function foreignContainers({ desired, observed }: Scope, { Containers }: NetworkInspect): number {
  const ours = new Set(
    observed.containers
      .filter(({ inspect }) => inspect.Config.Labels?.[LABEL.device] === desired.device)
      .map(({ inspect }) => inspect.Id),
  );
  return Object.keys(Containers ?? {}).filter((id) => !ours.has(id)).length;
}

function networkBody(scope: Scope, app: DesiredApp, network: Network): NetworkCreate {
  return {
    Name: network.name,
    CheckDuplicate: true,
    ...(network.driver === undefined ? {} : { Driver: network.driver }),
    Internal: network.internal,
    Attachable: network.attachable,
    Options: { ...network.driver_opts },
    Labels: {
      ...network.labels,
      [LABEL.device]: scope.desired.device,
      [LABEL.app]: app.name,
      [LABEL.composeProject]: app.name,
      [LABEL.composeNetwork]: network.key,
    },
    ...(network.enable_ipv4 === undefined ? {} : { EnableIPv4: network.enable_ipv4 }),
    ...(network.enable_ipv6 === undefined ? {} : { EnableIPv6: network.enable_ipv6 }),
    ...engineIpam(network.ipam),
  };
}

/** What the file leaves open is the Engine's to choose; it turns neither family off or on by itself. */
function isEngines(field: string, observed: Value): boolean {
  if (field === 'enable_ipv4') return observed === true;
  if (field === 'enable_ipv6') return observed === false;
  return field === 'driver' || field === 'subnets' || field === 'ipam.driver';
}
