// Networks of one app: created when missing; one that differs is replaced under its containers, which keep running.
import type { NetworkCreate } from '../../engine/create.ts';
import type { NetworkInspect } from '../../engine/inspect.ts';
import type { Hide } from '../../mask.ts';
import type { DesiredApp } from '../../model/desired.ts';
import type { Network } from '../../model/network.ts';
import type { Difference, Fields, Value } from '../../model/plan.ts';
import { LABEL, resourceKey } from '../../names.ts';
import { sameValue } from '../attribute.ts';
import { normalAddress } from '../attributes/addresses.ts';
import { networkName } from '../attributes/networking.ts';
import { lackedByNetwork } from '../features.ts';
import { isSettled } from '../inventory-item.ts';
import { isActedOn, judged } from '../ownership.ts';
import { redacted } from '../redact.ts';
import { formatCause } from '../text.ts';
import type { StepFrame } from './draft.ts';
import { engineIpam, ipamFields, liveIpam } from './ipam.ts';
import { attachedTo, othersOn, planSpares } from './same-name.ts';
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
  if (planSpares(scope, app, network, frame)) return;
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
    const found = judged(app, [missing], scope.held);
    draft.differences.push(...found);
    const cause = isSettled(applied) ? 'not there' : 'new network';
    const create = (after: readonly string[] = []) =>
      draft.add({ kind: 'create-network', body }, { ...frame, cause, after });
    if (!found.some(isActedOn)) {
      scope.networkSteps.set(network.name, create);
      return;
    }
    const cleared = formerHolders(scope, network).map((former) =>
      takeAway(scope, former, { ...frame, cause: `${network.name} takes its subnet` }),
    );
    if (!cleared.includes(undefined))
      scope.networkSteps.set(network.name, create(cleared.filter((id) => id !== undefined)));
    return;
  }
  if (live.Labels?.[LABEL.device] !== scope.desired.device) {
    const message = `a network named "${network.name}" exists and is not of this device's making; remove it, or set "name:" or "external: true"`;
    draft.blocked.push({ resource, app: app.name, reason: 'NameConflict', message });
    return;
  }
  const differences = judged(app, compareNetwork(resource, app, network, live, applied, scope.hide), scope.held);
  draft.differences.push(...differences);
  const acted = differences.filter(isActedOn);
  if (acted.length === 0) return;
  const cause = formatCause(acted);
  const removed = takeAway(scope, live, { ...frame, cause });
  if (removed === undefined) return;
  const created = draft.add({ kind: 'create-network', body }, { ...frame, cause, after: [removed] });
  scope.networkSteps.set(network.name, created);
}

/** Takes a network from under our containers, which keep running; undefined: others hold it, which is reported. */
function takeAway(scope: Scope, live: NetworkInspect, frame: StepFrame): string | undefined {
  const { draft } = scope;
  const { app, resource, cause } = frame;
  const others = othersOn(scope, live);
  if (others > 0) {
    const message = `${cause}: the network "${live.Name}" cannot be replaced while ${others} ${others === 1 ? 'container that is' : 'containers that are'} not of this device's making ${others === 1 ? 'is' : 'are'} connected to it; disconnect ${others === 1 ? 'it' : 'them'} first`;
    draft.blocked.push({ resource, app, reason: 'NameConflict', message });
    return undefined;
  }
  const detach = attachedTo(scope, live).map((id) =>
    draft.add({ kind: 'disconnect-network', container: id, network: live.Id }, { ...frame, detail: id.slice(0, 12) }),
  );
  return draft.add({ kind: 'remove-network', network: live.Id, name: live.Name }, { ...frame, after: detach });
}

/** Ours that Git no longer declares and that have a subnet of this one, which the Engine gives to one network only: a renamed one. */
function formerHolders(scope: Scope, { ipam }: Network): NetworkInspect[] {
  const wanted = new Set(ipam.config.flatMap(({ subnet }) => (subnet === undefined ? [] : [normalAddress(subnet)])));
  const declared = new Set(scope.desired.apps.flatMap((app) => app.networks.map(({ name }) => name)));
  return scope.observed.networks.filter(
    (live) =>
      !declared.has(live.Name) &&
      live.Labels?.[LABEL.device] === scope.desired.device &&
      scope.inventoryOf('network', live.Name) !== undefined &&
      (live.IPAM?.Config ?? []).some(({ Subnet = '' }) => wanted.has(normalAddress(Subnet))),
  );
}

function requireExternal(scope: Scope, app: DesiredApp, network: Network): void {
  const subject = `${app.name}/${network.key}`;
  const resource = resourceKey('network', app.name, network.key);
  if (makerOf(scope, network.name) === undefined) planSpares(scope, app, network, { subject, app: app.name, resource });
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
