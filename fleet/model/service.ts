// A service of the desired state: one container to be, in the Compose specification's own key names. What the user wrote is
// what is rendered, compared and reported. Durations are nanoseconds (as the Engine has them), sizes are bytes.
import type { Mount } from './mount.ts';
import type { Attachment } from './network.ts';

/**
 * One container to be. Only what the file sets is there; absent means the image's or the Engine's own. Text lists keep
 * the file's order where the Engine does (`dns`, `command`) and are sorted where order says nothing.
 */
export interface Service {
  readonly name: string;
  /** Which of the service's containers, from 1: `scale: 3` is three entries of one name. */
  readonly number: number;
  readonly container_name: string;
  readonly image: string;
  readonly pull_policy: 'missing' | 'always' | 'never';
  /** `linux/arm64`: what to pull. */
  readonly platform?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly Port[];
  /** `80/tcp`, sorted; what `ports` publishes is not repeated. */
  readonly expose?: readonly string[];
  readonly mounts: readonly Mount[];
  /** By the key of `DesiredApp.networks`; empty under `network_mode`. */
  readonly networks: Readonly<Record<string, Attachment>>;
  /** `host`, `none`, `bridge`, `service:<name>` or `container:<name>`; absent: `networks` holds. */
  readonly network_mode?: string;
  readonly mac_address?: string;
  /** `service:alias`; only on this container's networks. */
  readonly links?: readonly string[];
  /** `container:alias` of containers outside the app. */
  readonly external_links?: readonly string[];
  readonly depends_on: Readonly<Record<string, Dependency>>;
  readonly restart?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly group_add?: readonly string[];
  readonly working_dir?: string;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly dns?: readonly string[];
  readonly dns_opt?: readonly string[];
  readonly dns_search?: readonly string[];
  /** `name:address`, sorted. */
  readonly extra_hosts?: readonly string[];
  readonly healthcheck?: Healthcheck;
  readonly post_start?: readonly Hook[];
  readonly pre_stop?: readonly Hook[];
  readonly logging?: { readonly driver?: string; readonly options?: Readonly<Record<string, string>> };

  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly devices?: readonly Device[];
  readonly device_cgroup_rules?: readonly string[];
  /** From `gpus` and `deploy.resources.reservations.devices`. */
  readonly device_requests?: readonly DeviceRequest[];
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly ulimits?: Readonly<Record<string, Ulimit>>;
  /** `private`, `host`, `shareable`, `none`, `service:<name>`, `container:<name>`. */
  readonly ipc?: string;
  /** `host`, `service:<name>`, `container:<name>`. */
  readonly pid?: string;
  readonly uts?: string;
  readonly userns_mode?: string;
  readonly cgroup?: 'host' | 'private';
  readonly cgroup_parent?: string;
  readonly runtime?: string;
  readonly init?: boolean;
  readonly tty?: boolean;
  readonly stdin_open?: boolean;
  readonly storage_opt?: Readonly<Record<string, string>>;
  /** `service:ro`, `container:name:rw`: as in the file. */
  readonly volumes_from?: readonly string[];

  readonly mem_limit?: number;
  readonly mem_reservation?: number;
  readonly mem_swappiness?: number;
  /** Bytes; -1: unlimited swap. */
  readonly memswap_limit?: number;
  readonly shm_size?: number;
  readonly oom_kill_disable?: boolean;
  readonly oom_score_adj?: number;
  /** -1: unlimited. */
  readonly pids_limit?: number;
  readonly cpus?: number;
  readonly cpu_shares?: number;
  /** Microseconds, as the next three. */
  readonly cpu_period?: number;
  readonly cpu_quota?: number;
  readonly cpu_rt_period?: number;
  readonly cpu_rt_runtime?: number;
  readonly cpuset?: string;
  readonly blkio_config?: BlkioConfig;

  /** What follows when content changes under the container: `SIGHUP` and the like, `restart` or `none`; absent: it is replaced. */
  readonly reload?: string;

  readonly stop_grace_period?: number;
  readonly stop_signal?: string;
}

export interface Dependency {
  readonly condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  readonly restart: boolean;
  readonly required: boolean;
}

/** Only what the file sets; the rest comes from the image. `test: ['NONE']` disables. Times in nanoseconds. */
export interface Healthcheck {
  readonly test?: readonly string[];
  readonly interval?: number;
  readonly timeout?: number;
  readonly start_period?: number;
  /** Engine API 1.44. */
  readonly start_interval?: number;
  readonly retries?: number;
}

/** A command in the running container: after its start, or before it is stopped. */
export interface Hook {
  readonly command: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
  readonly working_dir?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One published or exposed port, ranges already expanded. */
export interface Port {
  readonly target: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** Host port; absent: the Engine picks one. */
  readonly published?: number;
  /** Host address; absent: all. */
  readonly host_ip?: string;
}

/** A device of the host. A source without a slash is a CDI name (`vendor.com/class=name`). */
export interface Device {
  readonly source: string;
  readonly target: string;
  /** `rwm` unless the file says otherwise. */
  readonly permissions: string;
}

/** What a driver is asked for (GPUs). `count` -1: all. */
export interface DeviceRequest {
  readonly driver?: string;
  readonly count?: number;
  readonly device_ids?: readonly string[];
  readonly capabilities: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
}

export interface Ulimit {
  readonly soft: number;
  readonly hard: number;
}

/** Bytes per second (`bps`) or operations per second (`iops`) by device path. */
export interface BlkioConfig {
  readonly weight?: number;
  readonly weight_device?: readonly { readonly path: string; readonly weight: number }[];
  readonly device_read_bps?: readonly DeviceRate[];
  readonly device_read_iops?: readonly DeviceRate[];
  readonly device_write_bps?: readonly DeviceRate[];
  readonly device_write_iops?: readonly DeviceRate[];
}

export interface DeviceRate {
  readonly path: string;
  readonly rate: number;
}
