// One container of the model world: how a create call becomes a container (Engine 20.10: the image's configuration is
// merged into the body) and how it looks when it is inspected.
import type { ContainerCreate, EndpointConfig } from '../../../../fleet/engine/create.ts';
import type {
  ContainerInspect,
  EngineEndpoint,
  EnginePlatform,
  ImageInspect,
} from '../../../../fleet/engine/inspect.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Machine {
  readonly id: string;
  name: string;
  readonly image: string;
  readonly config: Mutable<ContainerInspect['Config']>;
  readonly host: Mutable<ContainerInspect['HostConfig']>;
  readonly mounts: NonNullable<ContainerInspect['Mounts']>;
  readonly endpoints: Map<string, EngineEndpoint>;
  status: ContainerInspect['State']['Status'];
  exitCode: number;
  /** Why the Engine could not start it. */
  error: string;
  /** Seconds of the world; null: it never was. */
  startedAt: number | null;
  readonly createdAt: number;
  stoppedByRequest: boolean;
  outOfMemory?: boolean;
  /** Of an image of several platforms, as newer Engines tell it. */
  platform?: EnginePlatform;
  /** Commands that ran in it. */
  readonly hooks: string[];
  readonly signals: string[];
  /** The id of its live content when it last started or was told. */
  known?: string | undefined;
}

/** A new container. `volumeName` makes up names of anonymous volumes. */
export function createMachine(
  id: string,
  name: string,
  body: ContainerCreate,
  image: ImageInspect,
  volumeName: () => string,
  createdAt: number,
): Machine {
  const { HostConfig, NetworkingConfig, ...config } = structuredClone(body);
  const mode = HostConfig.NetworkMode || 'bridge';
  const endpoints = mode.startsWith('container:') ? {} : (NetworkingConfig?.EndpointsConfig ?? { [mode]: {} });
  return {
    id,
    name,
    image: image.Id,
    config: mergedConfig(id, config, image.Config ?? {}),
    host: hostDefaults(HostConfig),
    mounts: mountsOf(HostConfig, image, volumeName),
    endpoints: new Map(Object.entries(endpoints).map(([network, endpoint]) => [network, unattached(endpoint)])),
    status: 'created',
    exitCode: 0,
    error: '',
    startedAt: null,
    createdAt,
    stoppedByRequest: false,
    hooks: [],
    signals: [],
  };
}

/** An endpoint of a container that has not started: the Engine has not looked the network up yet. */
export function unattached(endpoint: EndpointConfig): EngineEndpoint {
  const { Aliases = null, IPAMConfig = null, Links = null, DriverOpts = null, ...settings } = endpoint;
  return { ...settings, Aliases, IPAMConfig, Links, DriverOpts, NetworkID: endpoint.NetworkID ?? '', EndpointID: '' };
}

export function inspectOf(machine: Machine): ContainerInspect {
  const { config, host, mounts, endpoints, id, name, image, platform, status, exitCode, error } = machine;
  return {
    Id: id,
    Name: `/${name}`,
    Image: image,
    ...(platform === undefined ? {} : { ImageManifestDescriptor: { platform } }),
    RestartCount: 0,
    Created: dateOf(machine.createdAt),
    State: {
      Status: status,
      ExitCode: exitCode,
      OOMKilled: machine.outOfMemory === true,
      Error: error,
      StartedAt: machine.startedAt === null ? '0001-01-01T00:00:00Z' : dateOf(machine.startedAt),
    },
    Config: { ...config },
    HostConfig: { ...host },
    NetworkSettings: { Networks: Object.fromEntries(endpoints) },
    Mounts: mounts,
  };
}

function dateOf(seconds: number): string {
  return new Date(Date.UTC(2026, 0) + 1000 * seconds).toISOString();
}

/** Engine 20.10, daemon/commit.go: merge. */
function mergedConfig(
  id: string,
  body: Mutable<ContainerInspect['Config']>,
  image: NonNullable<ImageInspect['Config']>,
): Mutable<ContainerInspect['Config']> {
  const names = new Set((body.Env ?? []).map((line) => line.split('=')[0]));
  const healthcheck = body.Healthcheck;
  const inherited = image.Healthcheck;
  const merged: Mutable<ContainerInspect['Config']> = {
    ...body,
    Domainname: body.Domainname ?? '',
    Tty: body.Tty ?? false,
    OpenStdin: body.OpenStdin ?? false,
    Hostname: body.Hostname || id.slice(0, 12),
    User: body.User || image.User || '',
    WorkingDir: (body.WorkingDir || image.WorkingDir || '').replace(/(.)\/+$/, '$1'),
    Env: [...(body.Env ?? []), ...(image.Env ?? []).filter((line) => !names.has(line.split('=')[0]))],
    Labels: { ...image.Labels, ...body.Labels },
    ExposedPorts: { ...image.ExposedPorts, ...body.ExposedPorts },
  };
  const signal = body.StopSignal || image.StopSignal;
  if (signal) merged.StopSignal = signal;
  if (!body.Entrypoint?.length) {
    merged.Cmd = body.Cmd?.length ? body.Cmd : (image.Cmd ?? null);
    merged.Entrypoint = body.Entrypoint === undefined ? (image.Entrypoint ?? null) : null;
  }
  if (healthcheck || inherited) {
    merged.Healthcheck = {
      Test: healthcheck?.Test?.length ? healthcheck.Test : (inherited?.Test ?? null),
      Interval: healthcheck?.Interval || inherited?.Interval || 0,
      Timeout: healthcheck?.Timeout || inherited?.Timeout || 0,
      StartPeriod: healthcheck?.StartPeriod || inherited?.StartPeriod || 0,
      StartInterval: healthcheck?.StartInterval || inherited?.StartInterval || 0,
      Retries: healthcheck?.Retries || inherited?.Retries || 0,
    };
  }
  return merged;
}

function hostDefaults(body: ContainerCreate['HostConfig']): Machine['host'] {
  return {
    ...body,
    Mounts: body.Mounts ?? [],
    NetworkMode: body.NetworkMode ?? 'default',
    PortBindings: body.PortBindings ?? {},
    RestartPolicy: body.RestartPolicy ?? { Name: '', MaximumRetryCount: 0 },
    Memory: body.Memory ?? 0,
    MemorySwap: body.MemorySwap ?? (body.Memory ?? 0) * 2,
    NanoCpus: body.NanoCpus ?? 0,
    ReadonlyRootfs: body.ReadonlyRootfs ?? false,
    CapAdd: body.CapAdd ?? null,
    CapDrop: body.CapDrop ?? null,
    IpcMode: body.IpcMode ?? 'private',
    CgroupnsMode: body.CgroupnsMode ?? 'host',
    Runtime: body.Runtime ?? 'runc',
    ShmSize: body.ShmSize || 64 * 1024 ** 2,
    LogConfig: { Type: body.LogConfig?.Type || 'json-file', Config: body.LogConfig?.Config ?? {} },
    MaskedPaths: body.MaskedPaths ?? ['/proc/kcore'],
    ReadonlyPaths: body.ReadonlyPaths ?? ['/proc/sys'],
    BlkioWeight: 0, // this host's kernel has none
  };
}

function mountsOf(body: ContainerCreate['HostConfig'], image: ImageInspect, volumeName: () => string) {
  const binds = (body.Binds ?? []).map((bind) => {
    const [Source = '', Destination = '', mode] = bind.split(':');
    return { Type: 'bind', Source, Destination, RW: mode?.split(',').includes('ro') !== true };
  });
  const declared = (body.Mounts ?? []).map((mount) => ({
    Type: mount.Type,
    Destination: mount.Target,
    RW: mount.ReadOnly !== true,
    ...(mount.Type === 'volume' ? { Name: mount.Source ?? volumeName() } : {}),
    ...(mount.Type === 'bind' ? { Source: mount.Source ?? '' } : {}),
  }));
  const taken = new Set([...binds, ...declared].map(({ Destination }) => Destination));
  const own = Object.keys(image.Config?.Volumes ?? {})
    .filter((path) => !taken.has(path))
    .map((Destination) => ({ Type: 'volume', Destination, RW: true, Name: volumeName() }));
  return [...binds, ...declared, ...own];
}
