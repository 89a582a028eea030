// Networks of the desired state, and a service's place on one.

export interface Network {
  /** Key in the file. */
  readonly key: string;
  /** Name on the Engine: `<app>_<key>` unless the file says otherwise. */
  readonly name: string;
  /** Not ours: it has to exist. */
  readonly external: boolean;
  readonly driver?: string;
  readonly driver_opts: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly ipam: Ipam;
}

/** Only what the file sets; the Engine chooses the rest. */
export interface Ipam {
  readonly driver?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly config: readonly IpamPool[];
}

export interface IpamPool {
  readonly subnet?: string;
  readonly ip_range?: string;
  readonly gateway?: string;
  readonly aux_addresses?: Readonly<Record<string, string>>;
}

/** A service on a network. Only what the file sets. */
export interface Attachment {
  readonly aliases: readonly string[];
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
  readonly link_local_ips?: readonly string[];
  readonly mac_address?: string;
  readonly driver_opts?: Readonly<Record<string, string>>;
  /** Which network is the default route: the highest; Engine API 1.48. */
  readonly gw_priority?: number;
  readonly interface_name?: string;
  /** The order in which networks are connected: the highest first. */
  readonly priority?: number;
}
