// A container as an Engine would show it that was asked for it with this body: the body itself, and what every Engine fills
// in. What the image brings along is not known here, and left out: only what a file sets is compared.
import { createHash } from 'node:crypto';
import type { ContainerCreate, EndpointConfig } from '../../engine/create.ts';
import type { ContainerInspect, EngineEndpoint } from '../../engine/inspect.ts';
import type { EngineInfo } from '../../model/observed.ts';

const STARTED = '2000-01-01T00:00:00Z';

/** `networkIds`: by name. `containerIds`: by name, of those that are there before. */
export function expectedContainer(
  name: string,
  body: ContainerCreate,
  engine: EngineInfo,
  ids: { readonly networks: ReadonlyMap<string, string>; readonly containers: ReadonlyMap<string, string> },
): ContainerInspect {
  const { HostConfig, NetworkingConfig, ...config } = body;
  const Id = idOf('container', name);
  const mode = HostConfig.NetworkMode || 'bridge';
  const asked: Record<string, EndpointConfig> = NetworkingConfig?.EndpointsConfig ?? { [mode]: {} };
  const endpoints = mode.startsWith('container:') ? {} : asked;
  const shares = mode === 'host' || mode.startsWith('container:') || HostConfig.UTSMode === 'host';
  return {
    Id,
    Name: `/${name}`,
    Image: imageId(body.Image),
    RestartCount: 0,
    State: { Status: 'running', ExitCode: 0, StartedAt: STARTED },
    Config: { ...config, Hostname: config.Hostname || (shares ? '' : Id.slice(0, 12)) },
    HostConfig: {
      ...HostConfig,
      ...sharedById(HostConfig, ids.containers),
      MemorySwap: HostConfig.MemorySwap ?? (HostConfig.Memory ?? 0) * 2,
      IpcMode: byId(HostConfig.IpcMode, ids.containers) ?? 'private',
      CgroupnsMode: HostConfig.CgroupnsMode ?? engine.defaults?.cgroup ?? 'private',
      Runtime: HostConfig.Runtime ?? engine.defaults?.runtime ?? 'runc',
      LogConfig: {
        Type: HostConfig.LogConfig?.Type || (engine.defaults?.logging ?? 'json-file'),
        Config: HostConfig.LogConfig?.Config ?? {},
      },
    },
    NetworkSettings: {
      Networks: Object.fromEntries(
        Object.entries(endpoints).map(([network, endpoint]) => [network, attached(endpoint, network, ids.networks)]),
      ),
    },
    Mounts: mountsOf(name, HostConfig),
  };
}

/** A connection, as the Engine shows it. */
export function attached(
  endpoint: EndpointConfig,
  network: string,
  networkIds: ReadonlyMap<string, string>,
): EngineEndpoint {
  const id = networkIds.get(network);
  return { ...endpoint, ...(id === undefined ? {} : { NetworkID: id }) };
}

/** The same name gives the same id. */
export function idOf(kind: 'container' | 'network' | 'volume', name: string): string {
  return createHash('sha256').update(`${kind} ${name}`).digest('hex');
}

export function imageId(reference: string): string {
  return `sha256:${createHash('sha256').update(`image ${reference}`).digest('hex')}`;
}

type Host = ContainerCreate['HostConfig'];

/** Whose namespaces it shares, the Engine keeps by id. */
function sharedById({ NetworkMode, PidMode }: Host, containers: ReadonlyMap<string, string>) {
  const [network, pid] = [byId(NetworkMode, containers), byId(PidMode, containers)];
  return {
    ...(network === undefined ? {} : { NetworkMode: network }),
    ...(pid === undefined ? {} : { PidMode: pid }),
  };
}

function byId(mode: string | undefined, containers: ReadonlyMap<string, string>): string | undefined {
  const [, name] = /^container:(.+)$/.exec(mode ?? '') ?? [];
  return name === undefined ? mode : `container:${containers.get(name) ?? name}`;
}

function mountsOf(name: string, { Binds, Mounts }: Host): NonNullable<ContainerInspect['Mounts']> {
  const binds = (Binds ?? []).map((bind) => {
    const [Source = '', Destination = '', mode] = bind.split(':');
    return { Type: 'bind', Source, Destination, RW: mode?.split(',').includes('ro') !== true };
  });
  const others = (Mounts ?? []).map(({ Type, Source, Target, ReadOnly }) => ({
    Type,
    Destination: Target,
    RW: ReadOnly !== true,
    ...(Type === 'volume' ? { Name: Source ?? idOf('volume', `${name} ${Target}`) } : { Source: Source ?? '' }),
  }));
  return [...binds, ...others];
}
