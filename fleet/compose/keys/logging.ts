// logging: a driver and its options.
import type { Service } from '../../model/service.ts';
import type { Place } from '../place.ts';
import { type Located, locatedReader, type Reader, readKeys } from '../read.ts';
import { readOptionalText } from '../scalars.ts';
import { readOptions } from './relations.ts';

export interface Logging {
  readonly driver?: Located<string>;
  readonly options?: Readonly<Record<string, string>>;
  readonly at: Place;
}

export const readLogging: Reader<Logging> = (node, where) => {
  const keys = { driver: locatedReader(readOptionalText), options: readOptions };
  const fields = readKeys<Required<Omit<Logging, 'at'>>>(node, where, keys);
  return fields && { ...fields, at: node.at };
};

export function loggingOf({ driver, options }: Omit<Logging, 'at'>): NonNullable<Service['logging']> {
  return { ...(driver === undefined ? {} : { driver: driver.value }), ...(options === undefined ? {} : { options }) };
}
