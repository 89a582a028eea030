// Desired state: what Git declares, fully resolved for one device. Plain JSON, so that it can be stored as the
// last known good. Services keep the Compose specification's own key names: what the user wrote is what is
// rendered, compared and reported. Durations are nanoseconds (as the Engine has them), sizes are bytes.

export interface Desired {
  readonly device: string;
  /** `main@sha1:<commit>` */
  readonly revision: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Poll interval that device.yaml asks for, in milliseconds; null: the agent's own. */
  readonly intervalMs: number | null;
  readonly suspend: boolean;
  readonly apps: readonly DesiredApp[];
}

export interface DesiredApp {
  readonly name: string;
  /** `warn`: drift is reported and left alone; changes from Git are applied all the same. */
  readonly drift: 'correct' | 'warn';
  /** Other apps of this device that come first. */
  readonly dependsOn: readonly string[];
  readonly strategy: 'stop-first' | 'start-first';
  readonly healthTimeoutMs: number;
  readonly rollback: boolean;
  /** Field globs, `services.web.labels.*`: neither compared nor applied to what already runs. */
  readonly ignore: readonly string[];
  readonly services: readonly Service[];
  readonly networks: readonly Network[];
  readonly volumes: readonly Volume[];
}

export interface Service {
  readonly name: string;
  readonly container_name: string;
  readonly image: string;
  readonly pull_policy: 'missing' | 'always' | 'never';
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly Port[];
  readonly mounts: readonly Mount[];
  /** By the key of `DesiredApp.networks`. */
  readonly networks: Readonly<Record<string, Attachment>>;
  readonly depends_on: Readonly<Record<string, Dependency>>;
  readonly restart?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly working_dir?: string;
  readonly hostname?: string;
  readonly healthcheck?: Healthcheck;
  readonly read_only?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly mem_limit?: number;
  readonly cpus?: number;
  readonly stop_grace_period?: number;
  readonly stop_signal?: string;
  readonly init?: boolean;
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

export type Mount =
  | {
      readonly type: 'volume';
      readonly target: string;
      readonly read_only: boolean /** Key of `DesiredApp.volumes`; null: anonymous. */;
      readonly source: string | null;
      readonly nocopy: boolean;
    }
  | {
      readonly type: 'bind';
      readonly target: string;
      readonly read_only: boolean /** Absolute host path. */;
      readonly source: string;
      readonly create_host_path: boolean;
    }
  | {
      readonly type: 'data';
      readonly target: string;
      readonly read_only: boolean /** Path below `<state>/volumes/<app>/`; never deleted. */;
      readonly source: string;
    }
  | { readonly type: 'content'; readonly target: string; readonly read_only: boolean; readonly content: Content }
  | { readonly type: 'tmpfs'; readonly target: string; readonly size?: number; readonly mode?: number };

/**
 * Content that Git declares, materialised below `<state>/content/<id>` and mounted from there. `id` changes with every
 * byte (and executable bit), so a changed file is a changed mount.
 */
export type Content =
  | {
      readonly kind: 'file';
      readonly id: string;
      readonly path: string;
      readonly oid: string;
      readonly mode: '100644' | '100755';
    }
  | { readonly kind: 'folder'; readonly id: string; readonly path: string; readonly files: readonly ContentFile[] }
  | {
      readonly kind: 'inline';
      readonly id: string;
      readonly path: string;
      readonly text: string;
      readonly mode: '100644' | '100755';
    };

/** One file of a folder; `path` is relative to the folder. */
export interface ContentFile {
  readonly path: string;
  readonly oid: string;
  readonly mode: '100644' | '100755';
}

export interface Attachment {
  readonly aliases: readonly string[];
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
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
  readonly retries?: number;
}

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
  readonly labels: Readonly<Record<string, string>>;
  readonly subnets: readonly string[];
}

export interface Volume {
  readonly key: string;
  /** Name on the Engine: `<app>_<key>` unless the file says otherwise. */
  readonly name: string;
  readonly external: boolean;
  readonly driver?: string;
  readonly driver_opts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}
