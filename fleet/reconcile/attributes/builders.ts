// Builders for attributes that differ only in where their value stands: one value, or one value for each key.
// Whatever needs a rule of its own is written out elsewhere.
import type { ContainerCreate, ContainerUpdate } from '../../engine/create.ts';
import type { ContainerInspect } from '../../engine/inspect.ts';
import type { Fields, Value } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import { type Attribute, type Live, recreate } from '../attribute.ts';

type HostConfig = ContainerCreate['HostConfig'];

interface Plain<V extends Exclude<Value, null>> {
  readonly name: string;
  /** As the file sets it; undefined: it does not. */
  readonly of: (service: Service) => V | undefined;
  /** The value as it is compared; by default as it is. */
  readonly shown?: (value: V) => Value;
  readonly live: (container: ContainerInspect, live: Live) => Value;
  /** The image's or the Engine's own. */
  readonly unset: Value | ((live: Live) => Value);
  readonly set: (body: ContainerCreate, value: V) => void;
  /** How an update call says it. 0 and "" mean "unchanged" there: taking such a value out recreates. */
  readonly update?: (desired: Value, service: Service) => ContainerUpdate;
}

/** One field for the whole key. */
export function plain<V extends Exclude<Value, null>>({
  name,
  of,
  shown = asIs,
  live,
  unset,
  set,
  update,
}: Plain<V>): Attribute {
  return {
    name,
    declared({ service }) {
      const value = of(service);
      return value === undefined ? {} : { [name]: shown(value) };
    },
    live: (seen) => ({ [name]: live(seen.container, seen) }),
    unset: (_field, seen) => (typeof unset === 'function' ? unset(seen) : unset),
    exclusive: false,
    remedy: update === undefined ? recreate : (desired) => (desired === 0 || desired === '' ? 'recreate' : 'update'),
    create({ service }, body) {
      const value = of(service);
      if (value !== undefined) set(body, value);
    },
    ...(update === undefined
      ? {}
      : {
          update(desired: Value, body: ContainerUpdate, service: Service) {
            Object.assign(body, update(desired, service));
          },
        }),
  };
}

interface Keyed<V> {
  readonly name: string;
  readonly of: (service: Service) => V | undefined;
  /** Of a declaration, by key. */
  readonly entries: (value: V) => Readonly<Record<string, Value>>;
  readonly live: (host: ContainerInspect['HostConfig']) => Readonly<Record<string, Value>>;
  readonly set: (host: HostConfig, value: V) => void;
}

/** One field for each key that the file sets: `sysctls.net.core.somaxconn`. */
export function keyed<V>({ name, of, entries, live, set }: Keyed<V>): Attribute {
  const named = (values: Readonly<Record<string, Value>>): Fields =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [`${name}.${key}`, value]));
  return {
    name,
    declared({ service }) {
      const value = of(service);
      return value === undefined ? {} : named(entries(value));
    },
    live: ({ container }) => named(live(container.HostConfig)),
    unset: () => null,
    exclusive: false,
    remedy: recreate,
    create({ service }, body) {
      const value = of(service);
      if (value !== undefined) set(body.HostConfig, value);
    },
  };
}

/** A list whose order says nothing. */
export function sortedList(list: readonly string[] | null | undefined): readonly string[] {
  return [...new Set(list ?? [])].sort();
}

function asIs(value: Value): Value {
  return value;
}
