// One deviation of a service's container: what a person does on the host, the one field that is reported then, and the
// smallest steps that mend it.
import type { Step, Value } from '../../../../fleet/model/plan.ts';
import { type Alteration, lookAlike, update } from '../by-hand.ts';

export interface Deviation {
  /** Of the service. */
  readonly name: string;
  /** What the file sets; absent: what the row of keys of this name sets. */
  readonly declared?: object;
  /** As the table tells it. */
  readonly how: string;
  readonly act: (container: string) => Promise<unknown>;
  readonly kind: 'missing' | 'unexpected' | 'field';
  readonly field: string | null;
  readonly desired: Value | RegExp;
  readonly observed: Value | RegExp;
  /** Kinds of the steps that mend it in place; null: the container is replaced. */
  readonly inPlace: readonly Step['kind'][] | null;
}

type Values = readonly [desired: Value | RegExp, observed: Value | RegExp];

/** `docker update`, and back. */
export function updated(name: string, body: object, field: string, values: Values, declared?: object): Deviation {
  const how = `update ${shown(body)}`;
  return deviation(name, { how, act: (container) => update(container, body), field, values, declared }, [
    'update-container',
  ]);
}

/** What no call can change: a look-alike, and a replacement. */
export function altered(
  name: string,
  alteration: Alteration,
  field: string,
  values: Values,
  declared?: object,
): Deviation {
  const how = `look-alike with ${shown({ ...alteration.Config, ...alteration.HostConfig })}`;
  return deviation(name, { how, act: (container) => lookAlike(container, alteration), field, values, declared }, null);
}

interface Told {
  readonly how: string;
  readonly act: (container: string) => Promise<unknown>;
  readonly field: string | null;
  readonly values: Values;
  readonly kind?: Deviation['kind'];
  readonly declared?: object | undefined;
}

export function deviation(
  name: string,
  { how, act, field, values: [desired, observed], kind, declared }: Told,
  inPlace: Deviation['inPlace'],
): Deviation {
  return {
    name,
    how,
    act,
    field,
    desired,
    observed,
    inPlace,
    kind: kind ?? (desired === null ? 'unexpected' : 'field'),
    ...(declared === undefined ? {} : { declared }),
  };
}

/** `Memory: 33554432, MemorySwap: 67108864` */
function shown(settings: object): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key} ${typeof value === 'string' && value !== '' ? value : JSON.stringify(value)}`)
    .join(', ');
}
