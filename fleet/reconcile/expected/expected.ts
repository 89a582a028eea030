// What an Engine would show had a desired state been applied to it: the plan for it on a bare host, carried out in thought.
// For those who have no Engine to look at.
import type { Desired } from '../../model/desired.ts';
import type { InventoryItem } from '../../model/inventory.ts';
import type { ContentState, EngineInfo, Observed, ObservedContainer } from '../../model/observed.ts';
import type { Step, StepOf } from '../../model/plan.ts';
import { LABEL } from '../../names.ts';
import type { HostPaths } from '../attribute.ts';
import { outsiders } from '../attributes/reference.ts';
import { declaredInventory, settleInventory } from '../inventory.ts';
import { lookFor } from '../look.ts';
import { nameOf, numberOf } from '../match.ts';
import { isOneShot, newlyCompleted } from '../one-shot.ts';
import { makePlan } from '../plan.ts';
import { attached, expectedContainer, idOf, imageId } from './machine.ts';

export interface Expected {
  readonly observed: Observed;
  readonly inventory: readonly InventoryItem[];
}

export interface ExpectedInput {
  /** What was applied; null: nothing. */
  readonly applied: Desired | null;
  /** What is to be planned: what it needs from outside is taken to be there. */
  readonly desired: Desired;
  readonly engine: EngineInfo;
  readonly paths: HostPaths;
}

export function expected({ applied, desired, engine, paths }: ExpectedInput): Expected {
  const bare = bareHost(applied === null ? [desired] : [desired, applied], engine);
  if (applied === null) return { observed: bare, inventory: [] };
  const limits = { steps: Number.POSITIVE_INFINITY, deletes: 0 };
  const { steps } = makePlan({ desired: applied, observed: bare, inventory: [], paths, limits, hide: (text) => text });
  const images = lookFor(applied, []).images;
  const host = { ...bare, images: new Map(images.flatMap((reference) => imagesFor(reference, applied, engine))) };
  const done = withJobsDone(steps.reduce(carriedOut, host), applied);
  const observed = { ...done, content: new Map([...done.content, ...liveContent(steps, desired)]) };
  return { observed, inventory: inventoryOf(applied, paths, observed) };
}

/** As a cycle that ended well leaves it, with what has run once noted. */
function inventoryOf(applied: Desired, paths: HostPaths, observed: Observed): InventoryItem[] {
  const declared = declaredInventory(applied, paths);
  const ran = newlyCompleted(applied, paths, observed, declared, []);
  return settleInventory([], declared, observed, applied.device, new Set(), ran).put;
}

/** Content that changes under its container is judged by what is to be there. */
function liveContent(steps: readonly Step[], desired: Desired): (readonly [string, ContentState])[] {
  const there = new Map(
    steps.flatMap((step) => (step.kind === 'write-live' ? [[step.place, step.content.id] as const] : [])),
  );
  return lookFor(desired, []).live.map(({ place, content }) => {
    const id = there.get(place);
    if (id === undefined) return [place, { kind: 'missing' }];
    return [place, id === content.id ? { kind: 'intact' } : { kind: 'edited', paths: [] }];
  });
}

/** Nothing of ours; what is external to these states is there. */
function bareHost(states: readonly Desired[], engine: EngineInfo): Observed {
  const apps = states.flatMap((state) => state.apps);
  const made = new Set(
    apps.flatMap(({ networks }) => networks.filter(({ external }) => !external).map(({ name }) => name)),
  );
  const networks = names(apps.flatMap((app) => app.networks.filter(({ external }) => external)))
    .filter((name) => !made.has(name))
    .map((Name) => ({ Id: idOf('network', Name), Name, Driver: 'bridge' }));
  const volumes = names(apps.flatMap((app) => app.volumes.filter(({ external }) => external)));
  const services = apps.flatMap((app) => app.services);
  const others = names(services.flatMap(outsiders)).map((name): ObservedContainer => {
    const body = { Image: 'unknown', HostConfig: {} };
    return {
      inspect: expectedContainer(name, body, engine, { networks: new Map(), containers: new Map() }),
      stoppedByRequest: false,
    };
  });
  return {
    engine,
    containers: others,
    networks,
    volumes: volumes.map((Name) => ({ Name, Driver: 'local' })),
    images: new Map(),
    content: new Map(),
  };
}

/** By reference and by id. What the image sets by itself is not known; it is for the platform that was asked for. */
function imagesFor(reference: string, { apps }: Desired, engine: EngineInfo) {
  const platform = apps.flatMap(({ services }) => services).find(({ image }) => image === reference)?.platform;
  const [Os = engine.os, Architecture = engine.arch, Variant] = platform?.split('/') ?? [];
  const Id = imageId(reference);
  const image = { Id, Os, Architecture, ...(Variant === undefined ? {} : { Variant }), Config: {} };
  return [[reference, image] as const, [Id, image] as const];
}

function carriedOut(host: Observed, step: Step): Observed {
  switch (step.kind) {
    case 'create-network': {
      const { CheckDuplicate: _, IPAM, ...network } = step.body;
      const made = { Driver: 'bridge', ...network, Id: idOf('network', network.Name), ...(IPAM && { IPAM }) };
      return { ...host, networks: [...host.networks, made] };
    }
    case 'create-volume': {
      const { Name, Driver = 'local', DriverOpts, Labels } = step.body;
      return { ...host, volumes: [...host.volumes, { Name, Driver, Options: DriverOpts, Labels }] };
    }
    case 'write-content': {
      const state: ContentState = { kind: 'intact' };
      return { ...host, content: new Map([...host.content, [step.content.id, state]]) };
    }
    case 'create-container':
      return created(host, step);
    case 'connect-network':
      return connected(host, step);
    default:
      // Started it is from the beginning; all else leaves no trace that is compared.
      return host;
  }
}

function created(host: Observed, { name, body }: StepOf<'create-container'>): Observed {
  const inspect = expectedContainer(name, body, host.engine, {
    networks: networkIds(host),
    containers: new Map(host.containers.map((container) => [nameOf(container), container.inspect.Id])),
  });
  return { ...host, containers: [...host.containers, { inspect, stoppedByRequest: false }] };
}

function connected(host: Observed, { container, network, endpoint }: StepOf<'connect-network'>): Observed {
  const containers = host.containers.map((one) => {
    if (nameOf(one) !== container) return one;
    const Networks = {
      ...one.inspect.NetworkSettings.Networks,
      [network]: attached(endpoint, network, networkIds(host)),
    };
    return { ...one, inspect: { ...one.inspect, NetworkSettings: { Networks } } };
  });
  return { ...host, containers };
}

/** What runs once has come to its end. */
function withJobsDone(host: Observed, { apps }: Desired): Observed {
  const jobs = new Set(
    apps.flatMap((app) =>
      app.services.filter((one) => isOneShot(app, one)).map(({ name, number }) => `${app.name} ${name} ${number}`),
    ),
  );
  const containers = host.containers.map((one): ObservedContainer => {
    const labels = one.inspect.Config.Labels ?? {};
    const key = `${labels[LABEL.app]} ${labels[LABEL.service]} ${numberOf(labels)}`;
    if (!jobs.has(key)) return one;
    return { ...one, inspect: { ...one.inspect, State: { ...one.inspect.State, Status: 'exited', ExitCode: 0 } } };
  });
  return { ...host, containers };
}

function networkIds({ networks }: Observed): ReadonlyMap<string, string> {
  return new Map(networks.map(({ Name, Id }) => [Name, Id]));
}

function names(list: readonly { readonly name: string }[]): string[] {
  return [...new Set(list.map(({ name }) => name))];
}
