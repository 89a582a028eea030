// The bodies that Holdfast sends to the Engine (POST /containers/create, /networks/create, /volumes/create,
// /containers/{id}/update, /containers/{id}/exec), with the Engine's own field names.
import type { EngineConfig, EngineHostConfig, EngineMount, EnginePool } from './inspect.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ContainerCreate extends Omit<Mutable<EngineConfig>, 'ExposedPorts'> {
  Image: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  HostConfig: Mutable<Omit<EngineHostConfig, 'Mounts'>> & { Mounts?: EngineMount[] };
  /** One network at creation (API below 1.44 takes no more); the others are connected before the start. */
  NetworkingConfig?: { EndpointsConfig: Record<string, EndpointConfig> };
}

export interface EndpointConfig {
  /** Says which, where several networks have the name. */
  NetworkID?: string;
  Aliases?: string[];
  Links?: string[];
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] };
  /** API 1.44. */
  MacAddress?: string;
  DriverOpts?: Record<string, string>;
  /** API 1.48. */
  GwPriority?: number;
}

export interface NetworkCreate {
  Name: string;
  /** Refuses a second network of one name where the Engine can. */
  CheckDuplicate: true;
  Driver?: string;
  Internal: boolean;
  Attachable: boolean;
  EnableIPv4?: boolean;
  EnableIPv6?: boolean;
  Options: Record<string, string>;
  Labels: Record<string, string>;
  IPAM?: { Driver?: string; Options?: Record<string, string>; Config: EnginePool[] };
}

export interface VolumeCreate {
  Name: string;
  Driver?: string;
  DriverOpts: Record<string, string>;
  Labels: Record<string, string>;
}

/** What changes in place. 0 and an empty text mean "unchanged". */
export interface ContainerUpdate {
  Memory?: number;
  MemoryReservation?: number;
  MemorySwap?: number;
  NanoCpus?: number;
  CpuShares?: number;
  CpuPeriod?: number;
  CpuQuota?: number;
  CpuRealtimePeriod?: number;
  CpuRealtimeRuntime?: number;
  CpusetCpus?: string;
  /** -1: no limit. */
  PidsLimit?: number;
  BlkioWeight?: number;
  RestartPolicy?: { Name: string; MaximumRetryCount?: number };
}
