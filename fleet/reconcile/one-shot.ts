// One-shots: services that run to their end, once for each spec. Which specs have is kept in the inventory, so that neither
// a lost container nor a change there and back runs one twice.
import type { Desired, DesiredApp } from '../model/desired.ts';
import type { InventoryItem } from '../model/inventory.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { Difference } from '../model/plan.ts';
import type { Service } from '../model/service.ts';
import { LABEL } from '../names.ts';
import type { Declaration, HostPaths } from './attribute.ts';
import { boundTo } from './attributes/reference.ts';
import { specOf } from './attributes.ts';
import { isCompleted } from './compare.ts';
import { completedSpecs } from './inventory-item.ts';
import { hasStarted, matchService, nameOf } from './match.ts';
import { serviceResource } from './plan/frame.ts';

/**
 * `restart: "no"` in so many words, or somebody waits for its end. Not where another service lives in its namespaces or
 * volumes: that one needs the container, whatever it ran.
 */
export function isOneShot({ services }: DesiredApp, service: Service): boolean {
  const { restart, name } = service;
  if (services.some((other) => boundTo(other).some((bond) => bond.service === name))) return false;
  if (restart !== undefined && !restart.startsWith('on-failure')) return restart === 'no';
  return services.some(({ depends_on }) => depends_on[name]?.condition === 'service_completed_successfully');
}

/**
 * Exit codes of what was killed from outside: 255 when the Engine was killed under it (measured on 20.10), else 128 + SIGKILL
 * or SIGTERM. The Engine's own memory of requests covers other codes, and is lost when it restarts.
 */
const INTERRUPTED: readonly number[] = [137, 143, 255];

/** It ended by itself, and not well: running it again is not for the agent to decide. */
export function hasFailed(container: ObservedContainer): boolean {
  const { Status, ExitCode = 0, OOMKilled, Error: startError } = container.inspect.State;
  if (Status !== 'exited' || ExitCode === 0 || startError || !hasStarted(container)) return false;
  return OOMKilled === true || !(container.stoppedByRequest || INTERRUPTED.includes(ExitCode));
}

/** It has run to its end as it is declared now, whatever became of its container. */
export function hasRun(declaration: Declaration, inventory: readonly InventoryItem[]): boolean {
  const { app, service } = declaration;
  if (!isOneShot(app, service)) return false;
  const specs = specsOf(serviceResource(app, service), inventory);
  return specs.length > 0 && specs.includes(specOf(declaration));
}

/** Specs that a service has run to its end, under whatever name. */
export function specsOf(resource: string, inventory: readonly InventoryItem[]): string[] {
  return inventory.filter((item) => item.kind === 'container' && item.resource === resource).flatMap(completedSpecs);
}

/** The one-shots that have run to their end as they are declared, as resources. */
export function completedOneShots(
  desired: Desired,
  paths: HostPaths,
  inventory: readonly InventoryItem[],
): ReadonlySet<string> {
  return new Set(
    declarations(desired, paths)
      .filter((declaration) => hasRun(declaration, inventory))
      .map(({ app, service }) => serviceResource(app, service)),
  );
}

/**
 * The specs that one-shots have now been seen to have run, by resource: the one that the container was made from, and the
 * declared one where nothing tells them apart (limits are changed in place). `differences` are from the same look.
 */
export function newlyCompleted(
  desired: Desired,
  paths: HostPaths,
  observed: Observed,
  inventory: readonly InventoryItem[],
  differences: readonly Difference[],
): ReadonlyMap<string, readonly string[]> {
  const listed = new Set(inventory.filter(({ kind }) => kind === 'container').map(({ name }) => name));
  const differing = new Set(differences.map(({ resource }) => resource));
  const found = declarations(desired, paths).flatMap((declaration): [string, string[]][] => {
    const { device, app, service } = declaration;
    if (!isOneShot(app, service)) return [];
    const { main } = matchService(device, app, service, observed, (name) => listed.has(name));
    if (main === undefined || !listed.has(nameOf(main)) || !isCompleted(main, service.restart)) return [];
    const resource = serviceResource(app, service);
    const made = main.inspect.Config.Labels?.[LABEL.spec];
    const declared = differing.has(resource) ? [] : [specOf(declaration)];
    return [[resource, [...new Set([...(made === undefined ? [] : [made]), ...declared])]]];
  });
  return new Map(found);
}

function declarations({ device, salt, apps }: Desired, paths: HostPaths): Declaration[] {
  return apps.flatMap((app) => app.services.map((service) => ({ device, app, service, paths, salt })));
}
