// What every part of the planner looks at: the inputs, indexed once.
import type { NetworkInspect, VolumeInspect } from '../../engine/inspect.ts';
import type { Desired, DesiredApp } from '../../model/desired.ts';
import type { InventoryItem } from '../../model/inventory.ts';
import type { Observed, ObservedContainer } from '../../model/observed.ts';
import type { Fields } from '../../model/plan.ts';
import type { HostPaths, Live } from '../attribute.ts';
import { createDraft, type Draft } from './draft.ts';

export interface PlanInput {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly inventory: readonly InventoryItem[];
  readonly paths: HostPaths;
  readonly limits: { readonly steps: number; readonly deletes: number };
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
  live(app: DesiredApp, container: ObservedContainer): Live;
}

export function createScope(input: PlanInput): Scope {
  const { observed, inventory, paths } = input;
  const items = new Map(inventory.map((item) => [`${item.kind} ${item.name}`, item]));
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
    live: (app, { inspect }) => ({
      app,
      paths,
      container: inspect,
      image: observed.images.get(inspect.Image),
      networkIds,
    }),
  };
}
