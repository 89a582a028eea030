// Removes what Git no longer declares. Only what the inventory lists is ever removed, never a volume, and never more
// in one cycle than `limits.deletes`: a mistake that empties a folder must not empty a shop.
import type { ObservedContainer } from '../../model/observed.ts';
import { containerKey, LABEL, resourceKey } from '../../names.ts';
import { nameOf, numberOf } from '../match.ts';
import type { Scope } from './scope.ts';
import { beforeStop, stopTimeoutS } from './steps.ts';

export function planPrune(scope: Scope): void {
  const { desired, draft, limits } = scope;
  const containers = undeclaredContainers(scope);
  const networks = undeclaredNetworks(scope);
  for (const { container, resource, app } of containers) {
    draft.differences.push({
      resource,
      app,
      kind: 'unexpected',
      field: null,
      desired: null,
      observed: `container ${nameOf(container)}`,
      origin: 'change',
    });
  }
  for (const { name, resource, app } of networks) {
    draft.differences.push({
      resource,
      app,
      kind: 'unexpected',
      field: null,
      desired: null,
      observed: `network ${name}`,
      origin: 'change',
    });
  }
  reportUnlisted(scope);
  const deletes = containers.length + networks.length;
  if (deletes > limits.deletes) {
    const message = `${desired.revision} would remove ${deletes} containers and networks, more than limits.deletes (${limits.deletes}); nothing was removed. If it is meant, raise limits.deletes in the agent's configuration, or take them away in several commits`;
    draft.blocked.push({ resource: `device:${desired.device}`, app: '', reason: 'PruneGuard', message });
    return;
  }
  for (const { container, resource, app } of containers) removeContainer(scope, container, resource, app);
  const emptied = draft.steps
    .filter(({ kind }) => kind === 'remove-container' || kind === 'disconnect-network')
    .map(({ id }) => id);
  const taken = new Set(draft.steps.flatMap((step) => (step.kind === 'remove-network' ? [step.network] : [])));
  for (const { id, name, resource, app } of networks) {
    if (taken.has(id)) continue;
    const frame = { subject: subjectOf(resource), app, resource, cause: 'no longer declared', after: emptied };
    draft.add({ kind: 'remove-network', network: id, name }, frame);
  }
}

function removeContainer(scope: Scope, container: ObservedContainer, resource: string, app: string): void {
  const { draft } = scope;
  const { Id, State } = container.inspect;
  const frame = { subject: subjectOf(resource), app, resource, cause: 'no longer declared' };
  const hooked = beforeStop(scope, container, undefined, { ...frame, detail: nameOf(container) });
  const running = State.Status === 'running' || State.Status === 'restarting' || State.Status === 'paused';
  const stopped = running
    ? draft.add(
        { kind: 'stop-container', container: Id, timeoutS: stopTimeoutS(container) },
        { ...frame, after: [hooked], detail: nameOf(container) },
      )
    : undefined;
  draft.add(
    { kind: 'remove-container', container: Id, name: nameOf(container) },
    { ...frame, after: [stopped], detail: nameOf(container) },
  );
}

function undeclaredContainers(scope: Scope) {
  return labelledUndeclared(scope).flatMap((container) => {
    const item = scope.listed(container);
    return item === undefined ? [] : [{ container, resource: item.resource, app: item.app }];
  });
}

/** Carries this device's label, is neither declared nor listed: made by somebody, or older than the state. */
function reportUnlisted(scope: Scope): void {
  for (const container of labelledUndeclared(scope)) {
    if (scope.listed(container) !== undefined) continue;
    const labels = container.inspect.Config.Labels ?? {};
    const app = labels[LABEL.app] ?? '';
    scope.draft.differences.push({
      resource: resourceKey('service', app, keyOf(labels)),
      app,
      kind: 'unexpected',
      field: null,
      desired: null,
      observed: `container ${nameOf(container)}`,
      origin: 'drift',
      left: 'warn',
    });
  }
}

function labelledUndeclared({ desired, observed }: Scope): ObservedContainer[] {
  const declared = new Set(
    desired.apps.flatMap((app) => app.services.map((service) => `${app.name}/${containerKey(service)}`)),
  );
  return observed.containers.filter(({ inspect }) => {
    const labels = inspect.Config.Labels ?? {};
    return labels[LABEL.device] === desired.device && !declared.has(`${labels[LABEL.app]}/${keyOf(labels)}`);
  });
}

function undeclaredNetworks(scope: Scope) {
  const declared = new Set(scope.desired.apps.flatMap((app) => app.networks.map(({ name }) => name)));
  return scope.observed.networks.flatMap((network) => {
    const item = scope.inventoryOf('network', network.Name);
    if (item === undefined || declared.has(network.Name) || network.Labels?.[LABEL.device] !== scope.desired.device)
      return [];
    return [{ id: network.Id, name: network.Name, resource: item.resource, app: item.app }];
  });
}

function subjectOf(resource: string): string {
  return resource.slice(resource.indexOf(':') + 1);
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return containerKey({ name: labels[LABEL.service] ?? '', number: numberOf(labels) });
}
