// The parts of the Engine's answers that Holdfast reads (Engine API 1.41 to 1.52: GET /containers/{id}/json,
// /images/{name}/json, /networks/{id}, /volumes), with the Engine's own field names. Everything is optional because
// Engines differ; what reads a field supplies the default.

export interface ContainerInspect {
  readonly Id: string;
  /** With a leading slash. */
  readonly Name: string;
  readonly Created?: string;
  /** Image id. */
  readonly Image: string;
  /** API 1.48, where the image is of several platforms: the one that runs. */
  readonly ImageManifestDescriptor?: { readonly platform?: EnginePlatform | null } | null;
  readonly RestartCount?: number;
  readonly State: {
    readonly Status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
    readonly ExitCode?: number;
    readonly OOMKilled?: boolean;
    readonly Error?: string;
    readonly StartedAt?: string;
    readonly FinishedAt?: string;
    readonly Health?: { readonly Status?: string; readonly Log?: readonly { readonly Output?: string }[] | null };
  };
  readonly Config: EngineConfig;
  readonly HostConfig: EngineHostConfig;
  readonly NetworkSettings: {
    readonly Networks?: Readonly<Record<string, EngineEndpoint>> | null;
  };
  readonly Mounts?: readonly {
    readonly Type?: string;
    readonly Name?: string;
    readonly Source?: string;
    readonly Destination: string;
    readonly RW?: boolean;
  }[];
}

export interface EngineConfig {
  readonly Image?: string;
  readonly Env?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Entrypoint?: readonly string[] | null;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Hostname?: string;
  readonly Domainname?: string;
  /** Of the first network; below API 1.44 the only place for one. */
  readonly MacAddress?: string;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Healthcheck?: EngineHealthcheck | null;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number | null;
}

export interface EngineHostConfig {
  readonly Binds?: readonly string[] | null;
  readonly Mounts?: readonly EngineMount[] | null;
  readonly Tmpfs?: Readonly<Record<string, string>> | null;
  readonly VolumesFrom?: readonly string[] | null;
  readonly PortBindings?: Readonly<
    Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>
  > | null;
  readonly RestartPolicy?: { readonly Name?: string; readonly MaximumRetryCount?: number };
  readonly NetworkMode?: string;
  readonly Links?: readonly string[] | null;
  readonly Dns?: readonly string[] | null;
  readonly DnsOptions?: readonly string[] | null;
  readonly DnsSearch?: readonly string[] | null;
  readonly ExtraHosts?: readonly string[] | null;
  readonly CapAdd?: readonly string[] | null;
  readonly CapDrop?: readonly string[] | null;
  readonly Privileged?: boolean;
  readonly SecurityOpt?: readonly string[] | null;
  /** Empty: nothing is masked; absent: the Engine's own list. */
  readonly MaskedPaths?: readonly string[] | null;
  readonly ReadonlyPaths?: readonly string[] | null;
  readonly GroupAdd?: readonly string[] | null;
  readonly Sysctls?: Readonly<Record<string, string>> | null;
  readonly StorageOpt?: Readonly<Record<string, string>> | null;
  /** API 1.43. */
  readonly Annotations?: Readonly<Record<string, string>> | null;
  readonly IpcMode?: string;
  readonly PidMode?: string;
  readonly UTSMode?: string;
  readonly UsernsMode?: string;
  readonly CgroupnsMode?: string;
  readonly CgroupParent?: string;
  readonly Runtime?: string;
  readonly LogConfig?: EngineLogConfig | null;
  readonly Devices?: readonly EngineDevice[] | null;
  readonly DeviceCgroupRules?: readonly string[] | null;
  readonly DeviceRequests?: readonly EngineDeviceRequest[] | null;
  readonly Ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[] | null;
  readonly ReadonlyRootfs?: boolean;
  readonly Init?: boolean | null;
  readonly ShmSize?: number;
  /** Bytes, as the next three; the Engine fills in twice the memory where the swap is left open. */
  readonly Memory?: number;
  readonly MemoryReservation?: number;
  readonly MemorySwap?: number;
  readonly MemorySwappiness?: number | null;
  readonly OomKillDisable?: boolean | null;
  readonly OomScoreAdj?: number;
  /** null, 0 and -1 are all "no limit". */
  readonly PidsLimit?: number | null;
  readonly NanoCpus?: number;
  readonly CpuShares?: number;
  /** Microseconds, as the next three. */
  readonly CpuPeriod?: number;
  readonly CpuQuota?: number;
  readonly CpuRealtimePeriod?: number;
  readonly CpuRealtimeRuntime?: number;
  readonly CpusetCpus?: string;
  readonly BlkioWeight?: number;
  readonly BlkioWeightDevice?: readonly { readonly Path: string; readonly Weight: number }[] | null;
  readonly BlkioDeviceReadBps?: readonly EngineRate[] | null;
  readonly BlkioDeviceReadIOps?: readonly EngineRate[] | null;
  readonly BlkioDeviceWriteBps?: readonly EngineRate[] | null;
  readonly BlkioDeviceWriteIOps?: readonly EngineRate[] | null;
}

export interface EnginePlatform {
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
}

export interface EngineRate {
  readonly Path: string;
  readonly Rate: number;
}

export interface EngineDevice {
  readonly PathOnHost: string;
  readonly PathInContainer: string;
  /** Empty: `rwm`. */
  readonly CgroupPermissions?: string;
}

/** `Capabilities`: any of the lists, each of them whole. */
export interface EngineDeviceRequest {
  readonly Driver?: string;
  readonly Count?: number;
  readonly DeviceIDs?: readonly string[] | null;
  readonly Capabilities?: readonly (readonly string[])[] | null;
  readonly Options?: Readonly<Record<string, string>> | null;
}

/** An empty type asks for the daemon's own. */
export interface EngineLogConfig {
  readonly Type?: string;
  readonly Config?: Readonly<Record<string, string>> | null;
}

/** Times in nanoseconds. */
export interface EngineHealthcheck {
  readonly Test?: readonly string[] | null;
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  /** API 1.44. */
  readonly StartInterval?: number;
  readonly Retries?: number;
}

export interface EngineMount {
  readonly Type: 'bind' | 'volume' | 'tmpfs' | 'image';
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: {
    readonly Propagation?: string;
    /** API 1.42. */
    readonly CreateMountpoint?: boolean;
    readonly NonRecursive?: boolean;
    /** API 1.44, as the next one. */
    readonly ReadOnlyNonRecursive?: boolean;
    readonly ReadOnlyForceRecursive?: boolean;
  };
  readonly VolumeOptions?: { readonly NoCopy?: boolean /** API 1.45. */; readonly Subpath?: string };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
  readonly ImageOptions?: { readonly Subpath?: string };
}

export interface EngineEndpoint {
  readonly Aliases?: readonly string[] | null;
  readonly Links?: readonly string[] | null;
  readonly IPAMConfig?: {
    readonly IPv4Address?: string;
    readonly IPv6Address?: string;
    readonly LinkLocalIPs?: readonly string[] | null;
  } | null;
  readonly MacAddress?: string;
  readonly DriverOpts?: Readonly<Record<string, string>> | null;
  readonly GwPriority?: number;
  readonly NetworkID?: string;
  readonly EndpointID?: string;
  readonly IPAddress?: string;
}

export interface ImageInspect {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Size?: number;
  readonly Os?: string;
  readonly Architecture?: string;
  readonly Variant?: string;
  /** Digests of the unpacked layers, the lowest first. */
  readonly RootFS?: { readonly Layers?: readonly string[] | null } | null;
  readonly Config?: {
    readonly Env?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly User?: string;
    readonly WorkingDir?: string;
    readonly ExposedPorts?: Readonly<Record<string, object>> | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Healthcheck?: EngineHealthcheck | null;
    readonly StopSignal?: string;
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
  } | null;
}

export interface NetworkInspect {
  readonly Id: string;
  readonly Name: string;
  readonly Driver?: string;
  readonly Internal?: boolean;
  readonly Attachable?: boolean;
  /** Engine 28 on. */
  readonly EnableIPv4?: boolean;
  readonly EnableIPv6?: boolean;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly IPAM?: {
    readonly Driver?: string;
    readonly Options?: Readonly<Record<string, string>> | null;
    readonly Config?: readonly EnginePool[] | null;
  } | null;
  /** Running containers on it, by id. The list of networks does not show them. */
  readonly Containers?: Readonly<Record<string, unknown>> | null;
}

export interface EnginePool {
  readonly Subnet?: string;
  readonly IPRange?: string;
  readonly Gateway?: string;
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>> | null;
}

export interface VolumeInspect {
  readonly Name: string;
  readonly Driver?: string;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
}
