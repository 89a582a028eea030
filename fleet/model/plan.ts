// What leads from observed to desired. A step is one Engine call or one file operation, carries everything that its
// execution needs, and says why. Steps form a DAG through `after`.
import type {
  ContainerCreate,
  ContainerUpdate,
  EndpointConfig,
  NetworkCreate,
  VolumeCreate,
} from '../engine/create.ts';
import type { Content, LiveContent } from './mount.ts';
import type { Dependency, Hook } from './service.ts';

/** A compared value. Lists are ordered where order matters and sorted where it does not. null: not there. */
export type Value = string | number | boolean | null | readonly string[];

/** Field path in Compose words (`environment.TZ`, `ports.80/tcp`) to value. */
export type Fields = Readonly<Record<string, Value>>;

/** One place where desired, last applied and observed are not all the same. */
export interface Difference {
  /** `service:kiosk/web` */
  readonly resource: string;
  readonly app: string;
  readonly kind: 'missing' | 'unexpected' | 'field';
  /** null for `missing` and `unexpected` resources. */
  readonly field: string | null;
  readonly desired: Value;
  readonly observed: Value;
  /** `change`: desired differs from last applied (Git moved). `drift`: observed differs from last applied (the host moved). */
  readonly origin: 'change' | 'drift';
  /** No step mends it: the host owns it (`warn`), or something sets it again each time that it is corrected (`held`). */
  readonly left?: 'warn' | 'held';
}

interface StepBase {
  /** Unique in the plan; stable for the same inputs. */
  readonly id: string;
  /** Ids of steps that must have succeeded before. */
  readonly after: readonly string[];
  /** `kiosk/web`, or the app, for people. */
  readonly subject: string;
  readonly app: string;
  /** Resource that the step serves: `service:kiosk/web`. */
  readonly resource: string;
  /** Why: `image: nginx:1.26 → nginx:1.27`. */
  readonly cause: string;
}

/** Containers are addressed by id where they exist and by name where an earlier step makes them. */
export type StepAction =
  | {
      readonly kind: 'pull-image';
      readonly image: string;
      readonly platform?: string;
      /** What it will transfer, as far as the registry tells; null: unknown; absent: nobody asked. */
      readonly pullBytes?: number | null;
    }
  | { readonly kind: 'write-content'; readonly content: Content }
  | ({
      readonly kind: 'write-live';
      /**
       * `over`: into the very file or folder that its container sees; `anew`: its container sees it once it starts again;
       * `first`: for a container that is made afterwards.
       */
      readonly way: 'over' | 'anew' | 'first';
    } & LiveContent)
  | { readonly kind: 'make-data-folder' /** Below `<state>/volumes/`. */; readonly path: string }
  | { readonly kind: 'create-network'; readonly body: NetworkCreate }
  | { readonly kind: 'remove-network'; readonly network: string; readonly name: string }
  | { readonly kind: 'create-volume'; readonly body: VolumeCreate }
  | {
      readonly kind: 'create-container';
      readonly name: string;
      readonly platform?: string;
      readonly body: ContainerCreate;
    }
  | {
      readonly kind: 'connect-network';
      readonly container: string;
      readonly network: string;
      readonly endpoint: EndpointConfig;
    }
  | { readonly kind: 'disconnect-network'; readonly container: string; readonly network: string }
  | { readonly kind: 'start-container'; readonly container: string }
  | { readonly kind: 'unpause-container'; readonly container: string }
  | { readonly kind: 'signal-container'; readonly container: string; readonly signal: string }
  | { readonly kind: 'restart-container'; readonly container: string; readonly timeoutS: number | null }
  | {
      readonly kind: 'stop-container';
      readonly container: string;
      readonly timeoutS: number | null;
      /** Nobody serves from here on for about this long; absent: nobody is left without, or nobody takes over. */
      readonly gapMs?: number;
    }
  | { readonly kind: 'remove-container'; readonly container: string; readonly name: string }
  | { readonly kind: 'rename-container'; readonly container: string; readonly name: string }
  | { readonly kind: 'update-container'; readonly container: string; readonly update: ContainerUpdate }
  | {
      readonly kind: 'run-hook';
      readonly container: string;
      readonly hook: Hook;
      /** A hook that does not end by then has failed. */
      readonly timeoutMs: number;
      /** false: its failure is said and nothing waits for it, so that no hook can keep a container from being stopped. */
      readonly required: boolean;
    }
  | {
      readonly kind: 'await-service';
      /** Container name. */
      readonly container: string;
      /** `service_ready`: healthy where it has a health check, else running or completed. */
      readonly condition: Dependency['condition'] | 'service_ready';
      readonly timeoutMs: number;
      /** For how long the condition has to hold without a restart; absent: one look is enough. */
      readonly steadyMs?: number;
    };

export type Step = StepBase & StepAction;
export type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>;

/** Something that the plan will not do, and why. It leaves the resource as it is. */
export interface Blocked {
  readonly resource: string;
  readonly app: string;
  readonly reason: 'NameConflict' | 'PruneGuard' | 'DependencyNotReady' | 'PolicyDenied' | 'ReconciliationFailed';
  readonly message: string;
  /** No waiting helps: this version of the app cannot work. */
  readonly hopeless?: true;
}

export interface Plan {
  readonly revision: string;
  readonly differences: readonly Difference[];
  readonly steps: readonly Step[];
  readonly blocked: readonly Blocked[];
  /** What a person should know before it is carried out, though nothing is wrong. */
  readonly notes?: readonly string[];
}
