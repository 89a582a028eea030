// What every part of the planner looks at: the inputs, indexed once.
import type { NetworkInspect, VolumeInspect } from '../../engine/inspect.ts';
import type { Hide } from '../../mask.ts';
import type { Desired, DesiredApp } from '../../model/desired.ts';
import type { InventoryItem } from '../../model/inventory.ts';
import type { Observed, ObservedContainer } from '../../model/observed.ts';
import type { Fields } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import type { HostPaths, Live } from '../attribute.ts';
import { firstOf, serviceOf } from '../attributes/reference.ts';
import { matchService, nameOf } from '../match.ts';
import { createDraft, type Draft } from './draft.ts';
import { ambiguousIds, byName } from './same-name.ts';

export interface PlanInput {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly inventory: readonly InventoryItem[];
  readonly paths: HostPaths;
  readonly limits: { readonly steps: number; readonly deletes: number };
  /** Text without what came out of secrets, also of earlier ones. */
  readonly hide: Hide;
  /** Keys of drift that is not corrected for now: something sets it again each time. */
  readonly held?: ReadonlySet<string>;
}

/** The id of a step; a function adds it, when a network is made only if something has to join it. */
export type NetworkStep = string | (() => string);

export interface Scope extends PlanInput {
  readonly draft: Draft;
  readonly networks: ReadonlyMap<string, NetworkInspect>;
  readonly volumes: ReadonlyMap<string, VolumeInspect>;
  readonly networkIds: ReadonlyMap<string, string>;
  /** Others of the same names. */
  readonly spareNetworks: readonly NetworkInspect[];
  readonly ambiguous: ReadonlyMap<string, string>;
  /** By name on the Engine, the steps that make networks, for whichever app joins them. */
  readonly networkSteps: Map<string, NetworkStep>;
  inventoryOf(kind: InventoryItem['kind'], name: string): InventoryItem | undefined;
  /** What the inventory says of a container: by its name, or by its id when somebody renamed it. */
  listed(container: ObservedContainer): InventoryItem | undefined;
  /** What was last applied to a resource that goes by this name; null: nothing was. */
  appliedOf(kind: InventoryItem['kind'], name: string, resource: string): Fields | null;
  live(app: DesiredApp, service: Service, container: ObservedContainer): Live;
  /** Where `service:<name>` of an app or `container:<name or id>` leads to now. */
  find(app: DesiredApp, reference: string): ObservedContainer | undefined;
}

export function createScope(input: PlanInput): Scope {
  const { inventory, paths } = input;
  const known = new Map(inventory.flatMap((item) => (item.id === undefined ? [] : [[item.id, item] as const])));
  const observed = { ...input.observed, containers: knownFirst(input.observed.containers, known) };
  const present = new Set(observed.containers.map(({ inspect }) => inspect.Id));
  const items = new Map(inventory.map((item) => [`${item.kind} ${item.name}`, item]));
  const find = (app: DesiredApp, reference: string) => findContainer({ ...input, observed }, app, reference);
  const joined = observed.containers.flatMap(({ inspect }) =>
    Object.values(inspect.NetworkSettings.Networks ?? {}).flatMap(({ NetworkID }) => NetworkID ?? []),
  );
  const named = byName(observed.networks, input.desired.device, new Set(joined));
  const networks = named.meant;
  const networkIds = new Map([...networks].map(([name, { Id }]) => [name, Id]));
  return {
    ...input,
    observed,
    draft: createDraft(),
    networks,
    networkIds,
    spareNetworks: named.spare,
    ambiguous: ambiguousIds(named),
    networkSteps: new Map(),
    volumes: new Map(observed.volumes.map((volume) => [volume.Name, volume])),
    inventoryOf: (kind, name) => items.get(`${kind} ${name}`),
    listed(container) {
      const item = items.get(`container ${nameOf(container)}`);
      // Its name was given to another container than the one that is listed, which is still there.
      const taken = item?.id !== undefined && item.id !== container.inspect.Id && present.has(item.id);
      return item === undefined || taken ? known.get(container.inspect.Id) : item;
    },
    appliedOf(kind, name, resource) {
      const item = items.get(`${kind} ${name}`);
      return item?.resource === resource ? item.applied : null;
    },
    find,
    live: (app, service, { inspect, reported }) => ({
      app,
      service,
      paths,
      container: inspect,
      ...(reported === undefined ? {} : { reported }),
      image: observed.images.get(inspect.Image),
      networkIds,
      engine: observed.engine,
      find: (reference) => find(app, reference),
    }),
  };
}

/** Of several that look alike, the one that is known comes first. */
function knownFirst(
  containers: readonly ObservedContainer[],
  known: ReadonlyMap<string, InventoryItem>,
): readonly ObservedContainer[] {
  const isKnown = ({ inspect }: ObservedContainer) => known.has(inspect.Id);
  return [...containers.filter(isKnown), ...containers.filter((container) => !isKnown(container))];
}

function findContainer(
  { desired, observed, inventory }: PlanInput,
  app: DesiredApp,
  reference: string,
): ObservedContainer | undefined {
  const name = serviceOf(reference);
  if (name === undefined) {
    const wanted = reference.replace(/^container:/, '');
    return observed.containers.find((one) => one.inspect.Id === wanted || nameOf(one) === wanted);
  }
  const service = firstOf(app, name);
  if (service === undefined) return undefined;
  const ours = (container: string) => inventory.some((item) => item.kind === 'container' && item.name === container);
  return matchService(desired.device, app, service, observed, ours).main;
}
