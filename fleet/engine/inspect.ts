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
  readonly Config: {
    readonly Image?: string;
    readonly Env?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly User?: string;
    readonly WorkingDir?: string;
    readonly Hostname?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Healthcheck?: EngineHealthcheck | null;
    readonly StopSignal?: string;
    /** Seconds. */
    readonly StopTimeout?: number | null;
  };
  readonly HostConfig: {
    readonly Binds?: readonly string[] | null;
    readonly Mounts?: readonly EngineMount[] | null;
    readonly Tmpfs?: Readonly<Record<string, string>> | null;
    readonly PortBindings?: Readonly<
      Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>
    > | null;
    readonly RestartPolicy?: { readonly Name?: string; readonly MaximumRetryCount?: number };
    readonly NetworkMode?: string;
    readonly CapAdd?: readonly string[] | null;
    readonly CapDrop?: readonly string[] | null;
    readonly ReadonlyRootfs?: boolean;
    readonly Memory?: number;
    readonly MemorySwap?: number;
    readonly NanoCpus?: number;
    readonly Init?: boolean | null;
  };
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

/** Times in nanoseconds. */
export interface EngineHealthcheck {
  readonly Test?: readonly string[] | null;
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly Retries?: number;
}

export interface EngineMount {
  readonly Type: 'bind' | 'volume' | 'tmpfs';
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: { readonly Propagation?: string; readonly CreateMountpoint?: boolean };
  readonly VolumeOptions?: { readonly NoCopy?: boolean };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
}

export interface EngineEndpoint {
  readonly Aliases?: readonly string[] | null;
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string } | null;
  readonly NetworkID?: string;
  readonly EndpointID?: string;
  readonly IPAddress?: string;
}

export interface ImageInspect {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Size?: number;
  readonly Config?: {
    readonly Env?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly User?: string;
    readonly WorkingDir?: string;
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
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] | null } | null;
  /** Running containers on it, by id. The list of networks does not show them. */
  readonly Containers?: Readonly<Record<string, unknown>> | null;
}

export interface VolumeInspect {
  readonly Name: string;
  readonly Driver?: string;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
}
