// A model of one host: an Engine (20.10) with its containers, networks, volumes and images, and the content store.
// Executes plan steps as the Engine would, "already so" included; people act on it through `machines` and `networks`.
import type { ContainerCreate } from '../../../../fleet/engine/create.ts';
import type { ImageInspect, NetworkInspect, VolumeInspect } from '../../../../fleet/engine/inspect.ts';
import type { ContentState, EngineInfo, Observed } from '../../../../fleet/model/observed.ts';
import type { Step, StepOf } from '../../../../fleet/model/plan.ts';
import { LABEL } from '../../../../fleet/names.ts';
import { atLeast } from '../../../../fleet/reconcile/features.ts';
import type { LookFor } from '../../../../fleet/reconcile/look.ts';
import { DEVICE, PATHS } from './desired.ts';
import { createMachine, inspectOf, type Machine, unattached } from './machine.ts';

export interface World {
  engine: EngineInfo;
  readonly machines: Map<string, Machine>;
  readonly networks: Map<string, NetworkInspect>;
  readonly volumes: Map<string, VolumeInspect>;
  /** By reference, what is on the host; and what the registry has. */
  readonly images: Map<string, ImageInspect>;
  readonly registry: Map<string, ImageInspect>;
  readonly content: Map<string, ContentState>;
  /** By place, the id of the content that lies there; `moved`: not the file that its container sees. */
  readonly live: Map<string, { readonly id: string; readonly moved?: true }>;
  readonly folders: Set<string>;
  /** By reference, why an image's containers cannot be started. */
  readonly broken: Map<string, string>;
  /** By reference, why an image's containers run and never get ready. */
  readonly sick: Map<string, string>;
  /** Throws as the Engine refuses. */
  execute(step: Step): void;
  observe(look: LookFor): Observed;
  /** By name or id. */
  find(container: string): Machine | undefined;
  start(machine: Machine): void;
  stop(machine: Machine): void;
  newId(): string;
  /** A second passes; returns how many have. */
  tick(): number;
}

type Table = { readonly [K in Step['kind']]: (step: StepOf<K>) => void };

/** A container whose command is this ends at once, and well. */
export const ONE_SHOT = 'one-shot';

const NONE_CONFLICT =
  'container cannot be connected to multiple networks with one of the networks in private (none) mode';

export function createWorld(registry: readonly ImageInspect[] = []): World {
  let ids = 0;
  let seconds = 0;
  const newId = () => (++ids).toString(16).padStart(8, '0').repeat(8);
  const world: World = {
    engine: { version: '20.10.24', apiVersion: '1.41', os: 'linux', arch: 'amd64' },
    machines: new Map(),
    networks: new Map(),
    volumes: new Map(),
    images: new Map(),
    registry: new Map(registry.flatMap((image) => (image.RepoTags ?? []).map((tag) => [tag, image]))),
    content: new Map(),
    live: new Map(),
    folders: new Set(),
    broken: new Map(),
    sick: new Map(),
    execute(step) {
      const run = table[step.kind] as (step: Step) => void;
      run(step);
    },
    observe: (look) => observe(world, look),
    find: (container) =>
      world.machines.get(container) ?? [...world.machines.values()].find(({ name }) => name === container),
    start: (machine) => start(world, machine),
    stop: (machine) => stop(machine),
    newId,
    tick: () => ++seconds,
  };
  const table = createTable(world);
  return world;
}

export function isRunning({ status }: Machine): boolean {
  return status === 'running' || status === 'paused' || status === 'restarting';
}

function createTable(world: World): Table {
  const { machines, networks, volumes, images, registry, content, folders } = world;
  const found = (container: string): Machine => {
    const machine = world.find(container);
    if (machine === undefined) throw new Error(`No such container: ${container}`);
    return machine;
  };
  return {
    'pull-image': ({ image }) => {
      const held = registry.get(image);
      if (held === undefined) throw new Error(`manifest for ${image} not found`);
      images.set(image, held);
    },
    'write-content': (step) => {
      content.set(step.content.id, { kind: 'intact' });
    },
    'write-live': ({ place, content: { id }, way }) => {
      const there = world.live.get(place);
      if (way === 'over' && (there === undefined || there.moved)) throw new Error('it was replaced just now');
      world.live.set(place, { id });
    },
    'make-data-folder': ({ path }) => {
      folders.add(path);
    },
    'create-network': ({ body }) => {
      if (networkOf(world, body.Name) !== undefined) throw new Error(`network with name ${body.Name} already exists`);
      const Id = world.newId();
      const { CheckDuplicate: _, IPAM, Driver = 'bridge', ...rest } = structuredClone(body);
      networks.set(Id, { ...rest, Id, Driver, IPAM: { Driver: 'default', Config: [], ...IPAM } });
    },
    'remove-network': ({ network }) => {
      const held = networkOf(world, network);
      if (held === undefined) return;
      const busy = [...machines.values()].some(
        (machine) => isRunning(machine) && machine.endpoints.get(held.Name)?.NetworkID === held.Id,
      );
      if (busy) throw new Error(`network ${held.Name} has active endpoints`);
      networks.delete(held.Id);
    },
    'create-volume': ({ body: { Name, Driver = 'local', DriverOpts, Labels } }) => {
      if (!volumes.has(Name)) volumes.set(Name, { Name, Driver, Options: DriverOpts, Labels });
    },
    'create-container': (step) => createContainer(world, step),
    'connect-network': (step) => connect(world, found(step.container), step),
    'disconnect-network': ({ container, network }) => {
      found(container).endpoints.delete(networkOf(world, network)?.Name ?? network);
    },
    'start-container': ({ container }) => {
      start(world, found(container));
    },
    'unpause-container': ({ container }) => {
      const machine = found(container);
      if (machine.status === 'paused') machine.status = 'running';
    },
    'signal-container': ({ container, signal }) => {
      const machine = found(container);
      if (!isRunning(machine)) return;
      machine.signals.push(signal);
      const there = liveOf(world, machine);
      machine.known = there?.moved ? 'what it saw before' : there?.id;
    },
    'restart-container': ({ container }) => {
      stop(found(container));
      start(world, found(container));
    },
    'stop-container': ({ container }) => {
      const machine = world.find(container);
      if (machine !== undefined) stop(machine);
    },
    'remove-container': ({ container }) => {
      const machine = world.find(container);
      if (machine !== undefined) machines.delete(machine.id);
    },
    'rename-container': ({ container, name }) => {
      const machine = found(container);
      if (machine.name === name) return;
      if (world.find(name) !== undefined) throw new Error(`Conflict. The container name "/${name}" is already in use`);
      machine.name = name;
    },
    'update-container': ({ container, update }) => {
      Object.assign(found(container).host, structuredClone(update));
    },
    'run-hook': ({ container, hook, required }) => {
      const machine = found(container);
      if (machine.status === 'running') machine.hooks.push(hook.command.join(' '));
      else if (required) throw new Error(`Container ${machine.id} is not running`);
    },
    'await-service': ({ container, condition }) => {
      const machine = found(container);
      const completed = machine.status === 'exited' && machine.exitCode === 0;
      const sick = world.sick.get(machine.config.Image ?? '');
      if (sick !== undefined && (condition === 'service_ready' || condition === 'service_healthy'))
        throw new Error(sick);
      if (condition === 'service_ready' && completed && machine.config.Cmd?.[0] === ONE_SHOT) return;
      if (condition === 'service_completed_successfully' ? !completed : !isRunning(machine))
        throw new Error(`${container} is ${machine.status}`);
    },
  };
}

function createContainer(world: World, { name, body }: StepOf<'create-container'>): void {
  const image = world.images.get(body.Image);
  if (image === undefined) throw new Error(`No such image: ${body.Image}`);
  if (world.find(name) !== undefined) throw new Error(`Conflict. The container name "/${name}" is already in use`);
  for (const mount of body.HostConfig.Mounts ?? []) {
    const source = mount.Source ?? '';
    const [content = ''] = source.slice(PATHS.content.length + 1).split('/');
    const missing =
      (source.startsWith(`${PATHS.content}/`) && !world.content.has(content) && !world.live.has(content)) ||
      (source.startsWith(`${PATHS.data}/`) && !world.folders.has(source.slice(PATHS.data.length + 1)));
    if (missing) throw new Error(`bind source path does not exist: ${source}`);
  }
  const machine = createMachine(world.newId(), name, sharing(world, body), image, world.newId, world.tick());
  for (const { Type, Name } of machine.mounts) {
    if (Type === 'volume' && Name !== undefined && !world.volumes.has(Name))
      world.volumes.set(Name, { Name, Driver: 'local', Labels: null, Options: null });
  }
  world.machines.set(machine.id, machine);
}

/** Whose namespaces it shares is kept by id. */
function sharing(world: World, body: ContainerCreate): ContainerCreate {
  const HostConfig = { ...body.HostConfig };
  for (const key of ['NetworkMode', 'PidMode', 'IpcMode'] as const) {
    const [, name] = /^container:(.+)$/.exec(HostConfig[key] ?? '') ?? [];
    if (name === undefined) continue;
    const other = world.find(name);
    if (other === undefined) throw new Error(`No such container: ${name}`);
    HostConfig[key] = `container:${other.id}`;
  }
  return { ...body, HostConfig };
}

function connect(world: World, machine: Machine, { network, endpoint }: StepOf<'connect-network'>): void {
  const held = networkOf(world, network);
  if (held === undefined) throw new Error(`network ${network} not found`);
  if (machine.endpoints.has('none')) throw new Error(NONE_CONFLICT);
  if (machine.endpoints.has(held.Name)) return;
  machine.endpoints.set(held.Name, unattached(endpoint));
  if (isRunning(machine)) attach(world, machine, held);
}

function start(world: World, machine: Machine): void {
  if (machine.status === 'running') return;
  try {
    run(world, machine);
  } catch (error) {
    if (machine.status === 'created' || machine.status === 'exited')
      Object.assign(machine, { error: error instanceof Error ? error.message : String(error), exitCode: 128 });
    throw error;
  }
}

function run(world: World, machine: Machine): void {
  const broken = world.broken.get(machine.config.Image ?? '');
  if (broken !== undefined) throw new Error(broken);
  if (machine.status === 'paused') throw new Error('cannot start a paused container, try unpause instead');
  if (machine.status === 'dead') throw new Error('container is marked for removal and cannot be started');
  const attached = [...machine.endpoints].flatMap(([name, endpoint]) => {
    if (name === 'none' || name === 'bridge' || name === 'host') return [];
    const held = networkOf(world, endpoint.NetworkID || name);
    if (held === undefined) throw new Error(`network ${endpoint.NetworkID || name} not found`);
    return [held];
  });
  const taken = new Set([...world.machines.values()].filter(isRunning).flatMap(hostPorts));
  const busy = hostPorts(machine).find((port) => taken.has(port));
  if (busy !== undefined) throw new Error(`Bind for 0.0.0.0:${busy} failed: port is already allocated`);
  for (const held of attached) attach(world, machine, held);
  machine.startedAt = world.tick();
  machine.known = liveOf(world, machine)?.id;
  machine.error = '';
  machine.stoppedByRequest = false;
  machine.exitCode = 0;
  machine.status = machine.config.Cmd?.[0] === ONE_SHOT ? 'exited' : 'running';
}

function stop(machine: Machine): void {
  if (!isRunning(machine)) return;
  machine.status = 'exited';
  machine.exitCode = 0;
  machine.stoppedByRequest = true;
}

/** Engines below API 1.45 add the short id to the aliases. */
function attach({ engine }: World, machine: Machine, { Id, Name }: NetworkInspect): void {
  const endpoint = machine.endpoints.get(Name) ?? {};
  const own = atLeast(engine.apiVersion, '1.45') ? [] : [machine.id.slice(0, 12)];
  const Aliases = [...new Set([...(endpoint.Aliases ?? []), ...own])];
  machine.endpoints.set(Name, { ...endpoint, Aliases, NetworkID: Id, EndpointID: machine.id });
}

function hostPorts({ host }: Machine): string[] {
  return Object.values(host.PortBindings ?? {}).flatMap((hosts) =>
    (hosts ?? []).flatMap(({ HostPort }) => (HostPort ? [HostPort] : [])),
  );
}

function networkOf(world: World, nameOrId: string): NetworkInspect | undefined {
  const [named, another] = [...world.networks.values()].filter(({ Name }) => Name === nameOrId);
  if (another !== undefined && !world.networks.has(nameOrId)) throw new Error(`network ${nameOrId} is ambiguous`);
  return world.networks.get(nameOrId) ?? named;
}

/** What lies at the place that a container mounts. */
function liveOf({ live }: World, { mounts }: Machine) {
  return mounts.flatMap(({ Source = '' }) => live.get(Source.split('/').at(-2) ?? '') ?? [])[0];
}

function liveState({ live }: World, place: string, declared: string): ContentState {
  const there = live.get(place);
  if (there === undefined) return { kind: 'missing' };
  const moved = there.moved ? { moved: true as const } : {};
  return there.id === declared ? { kind: 'intact', ...moved } : { kind: 'edited', paths: ['site.conf'], ...moved };
}

function observe(world: World, look: LookFor): Observed {
  const names = new Set(look.containerNames);
  const seen = [...world.machines.values()].filter(
    ({ config, name }) => config.Labels?.[LABEL.device] === DEVICE || names.has(name),
  );
  const byId = new Map([...world.images.values(), ...world.registry.values()].map((image) => [image.Id, image]));
  const images = [...look.images, ...seen.map(({ image }) => image)].flatMap((reference) => {
    const image = world.images.get(reference) ?? byId.get(reference);
    return image === undefined ? [] : [[reference, image] as const];
  });
  return {
    engine: world.engine,
    containers: seen.map((machine) => ({
      inspect: inspectOf(machine),
      stoppedByRequest: machine.stoppedByRequest,
    })),
    networks: [...world.networks.values()].filter(
      ({ Name, Labels }) => Labels?.[LABEL.device] === DEVICE || look.networkNames.includes(Name),
    ),
    volumes: [...world.volumes.values()].filter(
      ({ Name, Labels }) => Labels?.[LABEL.device] === DEVICE || look.volumeNames.includes(Name),
    ),
    images: new Map(images),
    content: new Map([
      ...look.contents.map(({ id }): [string, ContentState] => [id, world.content.get(id) ?? { kind: 'missing' }]),
      ...look.live.map(({ place, content }): [string, ContentState] => [place, liveState(world, place, content.id)]),
    ]),
  };
}
