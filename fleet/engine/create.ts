// The bodies that Holdfast sends to the Engine (POST /containers/create, /networks/create, /volumes/create,
// /containers/{id}/update), with the Engine's own field names.
import type { ContainerInspect, EngineMount } from './inspect.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ContainerCreate extends Mutable<ContainerInspect['Config']> {
  Image: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  HostConfig: Mutable<Omit<ContainerInspect['HostConfig'], 'Mounts'>> & { Mounts?: EngineMount[] };
  /** One network at creation (API below 1.44 takes no more); the others are connected before the start. */
  NetworkingConfig?: { EndpointsConfig: Record<string, EndpointConfig> };
}

export interface EndpointConfig {
  Aliases?: string[];
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string };
}

export interface NetworkCreate {
  Name: string;
  /** Refuses a second network of one name where the Engine can. */
  CheckDuplicate: true;
  Driver?: string;
  Internal: boolean;
  Attachable: boolean;
  Options: Record<string, string>;
  Labels: Record<string, string>;
  IPAM?: { Config: { Subnet: string }[] };
}

export interface VolumeCreate {
  Name: string;
  Driver?: string;
  DriverOpts: Record<string, string>;
  Labels: Record<string, string>;
}

export interface ContainerUpdate {
  Memory?: number;
  MemorySwap?: number;
  NanoCpus?: number;
  RestartPolicy?: { Name: string; MaximumRetryCount?: number };
}
