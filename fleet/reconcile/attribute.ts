// One compared attribute of a container: what the file declares, what the Engine shows, what it is when nobody sets
// it, how it is sent, and the smallest remedy. Adding a Compose key means adding one attribute.
import type { ContainerCreate, ContainerUpdate } from '../engine/create.ts';
import type { ContainerInspect, ImageInspect } from '../engine/inspect.ts';
import type { DesiredApp } from '../model/desired.ts';
import type { EngineInfo, ObservedContainer } from '../model/observed.ts';
import type { Fields, Value } from '../model/plan.ts';
import type { Service } from '../model/service.ts';
import type { Turn } from './attributes/live.ts';

/** Host folders that content and data mounts come from. */
export interface HostPaths {
  /** `<state>/content` */
  readonly content: string;
  /** `<state>/volumes` */
  readonly data: string;
  /** `<runtime>/secrets`, in memory. */
  readonly secrets: string;
}

/** What a declaration means on this device. */
export interface Declaration {
  readonly device: string;
  readonly app: DesiredApp;
  readonly service: Service;
  readonly paths: HostPaths;
  /** Keys the hash of the whole, which may hold secrets. */
  readonly salt: string;
  /** Ids of networks whose name others have as well. */
  readonly ambiguous?: ReadonlyMap<string, string>;
  /** At which of their two places a container made now finds contents that change under it. */
  readonly turn?: Turn;
}

/** A container as the Engine shows it, with the image that it runs (undefined: the image is gone). */
export interface Live {
  readonly app: DesiredApp;
  /** The declaration that it is held against: some settings are shown only where the file sets them. */
  readonly service: Service;
  readonly paths: HostPaths;
  readonly container: ContainerInspect;
  /** What stands above what the container shows (`ObservedContainer.reported`). */
  readonly reported?: Fields;
  readonly image: ImageInspect | undefined;
  /** Ids of the networks that exist now, by name. */
  readonly networkIds: ReadonlyMap<string, string>;
  readonly engine: EngineInfo;
  /** The container that `service:<name>`, `container:<name>` or a container's id or name leads to now. */
  find(reference: string): ObservedContainer | undefined;
}

/**
 * `update`: `POST /containers/{id}/update`. `network`: connect or disconnect. `rename`. `recreate`: nothing less helps.
 */
export type Remedy = 'update' | 'network' | 'rename' | 'recreate';

export interface Attribute {
  /** Compose word. Keyed attributes have one field per key: `environment.TZ`. */
  readonly name: string;
  /** The fields that the file sets, and no others. */
  declared(declaration: Declaration): Fields;
  /** Every field that the container has. */
  live(live: Live): Fields;
  /** What a field is when the file does not set it: the image's value or the Engine's default. */
  unset(field: string, live: Live): Value;
  /** Fields that only the container has are deviations too. */
  readonly exclusive: boolean;
  /** No container shows it: kept with what was applied, never compared. */
  readonly recorded?: boolean;
  remedy(desired: Value): Remedy;
  /** Adds what is declared to the body of a create call. */
  create(declaration: Declaration, body: ContainerCreate, engine: EngineInfo): void;
  /** Adds the desired value to the body of an update call; only called when `remedy` says `update`. */
  update?(desired: Value, body: ContainerUpdate, service: Service): void;
}

/** The declared fields of one key, or none when the file does not set it. */
export function field(name: string, value: Value | undefined): Fields {
  return value === undefined ? {} : { [name]: value };
}

export function recreate(): Remedy {
  return 'recreate';
}

/** Equal as values: lists element by element. */
export function sameValue(a: Value, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
