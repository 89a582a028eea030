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

export interface PlanInput {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly inventory: readonly InventoryItem[];
  readonly paths: HostPaths;
  readonly limits: { readonly steps: number; readonly deletes: number };
  /** Text without what came out of secrets, also of earlier ones. */
  readonly hide: Hide;
}

/** The id of a step; a function adds it, when a network is made only if something has to join it. */
export type NetworkStep = string | (() => string);

export interface Scope extends PlanInput {
  readonly draft: Draft;
  readonly networks: ReadonlyMap<string, NetworkInspect>;
  readonly volumes: ReadonlyMap<string, VolumeInspect>;
  readonly networkIds: ReadonlyMap<string, string>;
  /** By name on the Engine, the steps that make networks, for whichever app joins them. */
  readonly networkSteps: Map<string, NetworkStep>;
  inventoryOf(kind: InventoryItem['kind'], name: string): InventoryItem | undefined;
  /** What was last applied to a resource that goes by this name; null: nothing was. */
  appliedOf(kind: InventoryItem['kind'], name: string, resource: string): Fields | null;
  live(app: DesiredApp, service: Service, container: ObservedContainer): Live;
  /** Where `service:<name>` of an app or `container:<name or id>` leads to now. */
  find(app: DesiredApp, reference: string): ObservedContainer | undefined;
}

export function createScope(input: PlanInput): Scope {
  const { observed, inventory, paths } = input;
  const items = new Map(inventory.map((item) => [`${item.kind} ${item.name}`, item]));
  const find = (app: DesiredApp, reference: string) => findContainer(input, app, reference);
  const networks = new Map(observed.networks.map((network) => [network.Name, network]));
  const networkIds = new Map(observed.networks.map((network) => [network.Name, network.Id]));
  return {
    ...input,
    draft: createDraft(),
    networks,
    networkIds,
    networkSteps: new Map(),
    volumes: new Map(observed.volumes.map((volume) => [volume.Name, volume])),
    inventoryOf: (kind, name) => items.get(`${kind} ${name}`),
    appliedOf(kind, name, resource) {
      const item = items.get(`${kind} ${name}`);
      return item?.resource === resource ? item.applied : null;
    },
    find,
    live: (app, service, { inspect }) => ({
      app,
      service,
      paths,
      container: inspect,
      image: observed.images.get(inspect.Image),
      networkIds,
      engine: observed.engine,
      find: (reference) => find(app, reference),
    }),
  };
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
