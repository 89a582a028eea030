// The inventory that an applied plan leaves: what exists because of us, with what was applied to it.
import type { Desired } from '../model/desired.ts';
import type { InventoryItem } from '../model/inventory.ts';
import type { Observed } from '../model/observed.ts';
import type { Fields, Step, StepOf } from '../model/plan.ts';
import { LABEL, resourceKey } from '../names.ts';
import type { HostPaths } from './attribute.ts';
import { sameValue } from './attribute.ts';
import { shownContent } from './attributes/mounts.ts';
import { declaredFields } from './attributes.ts';
import { announced, completed, completedSpecs, isUnhooked, rewritten, unhooked, untold } from './inventory-item.ts';
import { nameOf } from './match.ts';
import { serviceResource } from './plan/frame.ts';
import { networkFields } from './plan/networks.ts';
import { volumeFields } from './plan/volumes.ts';

/** What every resource of a desired state is recorded as once it is applied. */
export function declaredInventory(desired: Desired, paths: HostPaths): InventoryItem[] {
  const { device, revision, salt } = desired;
  return desired.apps.flatMap((app) => [
    ...app.networks
      .filter(({ external }) => !external)
      .map(
        (network): InventoryItem => ({
          kind: 'network',
          name: network.name,
          resource: resourceKey('network', app.name, network.key),
          app: app.name,
          applied: networkFields(network),
          revision,
        }),
      ),
    ...app.volumes
      .filter(({ external }) => !external)
      .map(
        (volume): InventoryItem => ({
          kind: 'volume',
          name: volume.name,
          resource: resourceKey('volume', app.name, volume.key),
          app: app.name,
          applied: volumeFields(volume),
          revision,
        }),
      ),
    ...app.services.map(
      (service): InventoryItem => ({
        kind: 'container',
        name: service.container_name,
        resource: serviceResource(app, service),
        app: app.name,
        applied: declaredFields({ device, app, service, paths, salt }),
        revision,
      }),
    ),
  ]);
}

/**
 * The item to record before a step makes or unmakes what has a name, or writes content again under a container;
 * undefined: the step does neither. It is not settled before the cycle ends, so that what is unfinished then is not taken
 * for drift.
 */
export function itemBefore(
  step: Step,
  declared: readonly InventoryItem[],
  inventory: readonly InventoryItem[] = [],
): InventoryItem | undefined {
  if (step.kind === 'write-content') return mountedBefore(step, inventory);
  if (step.kind === 'write-live') return liveBefore(step, inventory);
  if (step.kind === 'start-container' || step.kind === 'restart-container')
    return startedBefore(step, declared, inventory);
  const named = nameOfStep(step);
  if (named === undefined) return undefined;
  const [kind, name] = named;
  const isItem = (item: InventoryItem) => item.kind === kind && item.resource === step.resource;
  const listed = inventory.find((item) => isItem(item) && item.name === name);
  const item = declared.find(isItem) ?? listed;
  if (item === undefined) return undefined;
  const before = announced({ ...item, name }, listed);
  // A replacement takes its name after it has started, and before its hooks run.
  const started = step.kind === 'rename-container' && inventory.some((other) => isItem(other) && isUnhooked(other));
  return started ? unhooked(before) : before;
}

/** The listed container that mounts this very content already: it has to be restarted to see it written again. */
function mountedBefore(step: StepOf<'write-content'>, inventory: readonly InventoryItem[]): InventoryItem | undefined {
  const mounted = shownContent(step.content);
  const item = inventory.find(
    ({ kind, resource, applied }) =>
      kind === 'container' &&
      resource === step.resource &&
      Object.values(applied).some((value) => value === mounted || value === `${mounted} (ro)`),
  );
  return item === undefined ? undefined : rewritten(item);
}

/** The listed container under which content changes: it has to be told, or to start again. */
function liveBefore(
  { way, resource }: StepOf<'write-live'>,
  inventory: readonly InventoryItem[],
): InventoryItem | undefined {
  const item = inventory.find((listed) => listed.kind === 'container' && listed.resource === resource);
  if (item === undefined || way === 'first') return undefined;
  return way === 'over' ? untold(item) : rewritten(item);
}

/** The listed container whose start is followed by hooks: until those have ended well they are still to be run. */
function startedBefore(
  { container, resource }: Step & { readonly container: string },
  declared: readonly InventoryItem[],
  inventory: readonly InventoryItem[],
): InventoryItem | undefined {
  const ofService = (item: InventoryItem) => item.kind === 'container' && item.resource === resource;
  if (!declared.some((item) => ofService(item) && Object.hasOwn(item.applied, 'post_start'))) return undefined;
  const listed = inventory.filter(ofService);
  const own = (item: InventoryItem) => declared.some((one) => ofService(one) && one.name === item.name);
  const item = listed.find(({ name }) => name === container) ?? listed.find(own) ?? listed[0];
  return item === undefined ? undefined : unhooked(item);
}

function nameOfStep(step: Step): readonly [InventoryItem['kind'], string] | undefined {
  switch (step.kind) {
    case 'create-container':
    case 'rename-container':
    case 'remove-container':
      return ['container', step.name];
    case 'create-network':
      return ['network', step.body.Name];
    case 'remove-network':
      return ['network', step.name];
    case 'create-volume':
      return ['volume', step.body.Name];
    default:
      return undefined;
  }
}

/**
 * What to write after a look at the end of a cycle. A resource of ours is recorded as applied when none of its steps failed;
 * what is neither there nor declared is forgotten. `ran`: specs that one-shots have run to their end, by resource.
 */
export function settleInventory(
  inventory: readonly InventoryItem[],
  declared: readonly InventoryItem[],
  observed: Observed,
  device: string,
  failed: ReadonlySet<string>,
  ran: ReadonlyMap<string, readonly string[]> = new Map(),
): { put: InventoryItem[]; remove: InventoryItem[] } {
  const present = presentNames(observed, device);
  const known = new Map(inventory.map((item) => [key(item), item]));
  const wanted = new Set(declared.map(key));
  const ids = containerIds(observed, device);
  const there = new Set(ids.values());
  const noted = (item: InventoryItem, listed: InventoryItem | undefined) =>
    completed(item, listed, [
      ...inventory.filter((other) => isMoved(other, item)).flatMap(completedSpecs),
      ...(ran.get(item.resource) ?? []),
    ]);
  return {
    put: declared.flatMap((item) => {
      const listed = known.get(key(item));
      const renamed = listed?.id !== undefined && there.has(listed.id) ? listed.id : undefined;
      const isThere = present.has(key(item)) || renamed !== undefined;
      const applied = isThere && !failed.has(item.resource) ? withId(item, ids, renamed) : listed;
      const own = listed?.resource === item.resource ? listed : undefined;
      const next = applied?.resource === item.resource && item.kind === 'container' ? noted(applied, own) : applied;
      return next === undefined || sameItem(listed, next) ? [] : [next];
    }),
    // One that was renamed by hand is still to be removed.
    remove: inventory.filter(
      (item) => !wanted.has(key(item)) && !present.has(key(item)) && !(item.id !== undefined && there.has(item.id)),
    ),
  };
}

/** Of the same service under another name: it was renamed in Git. */
function isMoved(other: InventoryItem, item: InventoryItem): boolean {
  return other.kind === item.kind && other.resource === item.resource && other.name !== item.name;
}

/** Our containers' ids by name. */
function containerIds({ containers }: Observed, device: string): ReadonlyMap<string, string> {
  const ours = containers.filter(({ inspect }) => inspect.Config.Labels?.[LABEL.device] === device);
  return new Map(ours.map((container) => [nameOf(container), container.inspect.Id]));
}

/** Of one that goes by another name than its own, the id that is known stays. */
function withId(item: InventoryItem, ids: ReadonlyMap<string, string>, known: string | undefined): InventoryItem {
  const id = item.kind === 'container' ? (ids.get(item.name) ?? known) : undefined;
  return id === undefined ? item : { ...item, id };
}

function presentNames(observed: Observed, device: string): Set<string> {
  const ours = (labels: Readonly<Record<string, string>> | null | undefined) => labels?.[LABEL.device] === device;
  return new Set([
    ...observed.containers
      .filter(({ inspect }) => ours(inspect.Config.Labels))
      .map((container) => `container ${nameOf(container)}`),
    ...observed.networks.filter(({ Labels }) => ours(Labels)).map(({ Name }) => `network ${Name}`),
    ...observed.volumes.filter(({ Labels }) => ours(Labels)).map(({ Name }) => `volume ${Name}`),
  ]);
}

function key({ kind, name }: InventoryItem): string {
  return `${kind} ${name}`;
}

/** The revision alone is not worth a write. */
function sameItem(a: InventoryItem | undefined, b: InventoryItem): boolean {
  return a !== undefined && a.resource === b.resource && a.id === b.id && sameFields(a.applied, b.applied);
}

function sameFields(a: Fields, b: Fields): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((name) => sameValue(a[name] ?? null, b[name] ?? null));
}
