// What the parts of a plan tell each other: what a service may wait for, and what came of it.
import type { ObservedContainer } from '../../model/observed.ts';
import type { Service } from '../../model/service.ts';
import type { NetworkSteps } from './networks.ts';
import type { VolumeSteps } from './volumes.ts';

/** What the app's other parts have planned already. */
export interface AppSteps {
  readonly networks: NetworkSteps;
  readonly volumes: VolumeSteps;
  /** Steps that make each dependency ready: this service starts, or stops to be replaced, only after them. Asked only then. */
  readonly dependencies: () => readonly string[];
  /** A dependency that is not as this service needs it, and that nothing will make so: it does not start. */
  readonly unmet: { readonly service: Service; readonly main: ObservedContainer | undefined } | undefined;
  /** Why its container is restarted: a dependency with `restart: true` is being replaced, or was since that started. */
  readonly restart: (main: ObservedContainer) => string | undefined;
  /** Why it is replaced: it is bound to a container that is. */
  readonly recreate: string | undefined;
  /** Steps after which the containers that it is bound to are there: it is created only then. */
  readonly joined: () => readonly string[];
}

/** The steps after which the service runs; empty when nothing is planned for it. */
export interface ServiceSteps {
  readonly started: readonly string[];
  /** Its container is replaced or restarted. */
  readonly interrupted: boolean;
  /** It is another container afterwards. */
  readonly replaced?: boolean;
  /** Something about it will not be done. */
  readonly blocked?: boolean;
  /** Its container before the plan. */
  readonly main?: ObservedContainer | undefined;
  /** A one-shot that has run to its end as it is declared. */
  readonly completed?: boolean;
}

export const NOTHING: ServiceSteps = { started: [], interrupted: false };
