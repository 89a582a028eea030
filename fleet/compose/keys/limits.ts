// Limits: sizes, shares, ulimits and block devices. Numbers may be text, as interpolation makes them.

import type { BlkioConfig, DeviceRate, Ulimit } from '../../model/service.ts';
import { parseDuration } from '../../units.ts';
import type { Node } from '../node.ts';
import { listReader, mapReader, missingKey, type Reader, readKeys, sortedRecord } from '../read.ts';
import { type Where, wrong } from '../report.ts';
import { integerReader, numberOf, readName, readSize } from '../scalars.ts';

/** More than any host has. */
const MAX_CPUS = 4096;

export const readCpus: Reader<number> = (node, where) => {
  const cpus = numberOf(node);
  if (cpus !== null && cpus >= 0 && cpus <= MAX_CPUS) return cpus;
  return wrong(where, node.at, 'value', 'has to be a number of CPUs', 'write it like 0.5 or 2');
};

/** Microseconds, as a number or a duration. */
export const readMicroseconds: Reader<number> = (node, where) => {
  const number = numberOf(node);
  const duration = number === null && node.kind === 'scalar' ? parseDuration(String(node.value)) : null;
  const us = duration === null ? number : duration / 1000;
  if (us !== null && us >= -1 && us <= Number.MAX_SAFE_INTEGER) return Math.round(us);
  return wrong(where, node.at, 'value', 'has to be microseconds', 'write it like 50000 or 50ms');
};

/** A share, rounded down: the Engine has whole ones. */
export const readShares: Reader<number> = (node, where) => {
  const shares = numberOf(node);
  if (shares !== null && shares >= 0 && shares <= Number.MAX_SAFE_INTEGER) return Math.floor(shares);
  return wrong(where, node.at, 'value', 'has to be a number');
};

/** -1: without a limit. */
export const readPids = integerReader(-1);

const readUlimit = integerReader(-1);

export const readUlimits: Reader<Readonly<Record<string, Ulimit>>> = (node, where) => {
  const limits = mapReader<Ulimit>(readLimitPair)(node, where);
  return limits === undefined ? undefined : sortedRecord(limits);
};

function readLimitPair(node: Node, where: Where): Ulimit | undefined {
  if (node.kind !== 'map') {
    const both = readUlimit(node, where);
    return both === undefined ? undefined : { soft: both, hard: both };
  }
  const fields = readKeys<Ulimit>(node, where, { soft: readUlimit, hard: readUlimit });
  if (fields === undefined) return undefined;
  const { soft, hard } = fields;
  if (soft !== undefined && hard !== undefined) return { soft, hard };
  for (const key of ['soft', 'hard'] as const) {
    missingKey(node, where, key, 'write {soft: N, hard: N}');
  }
  return undefined;
}

const readWeight = integerReader(0, 1000);

export const readBlkio: Reader<BlkioConfig> = (node, where) =>
  readKeys<Required<BlkioConfig>>(node, where, {
    weight: readWeight,
    weight_device: listReader((item, at) => {
      const fields = readKeys<{ path: string; weight: number }>(item, at, { path: readName, weight: readWeight });
      return whole(fields, ['path', 'weight'], item, at);
    }),
    device_read_bps: ratesReader(readSize),
    device_read_iops: ratesReader(integerReader(0)),
    device_write_bps: ratesReader(readSize),
    device_write_iops: ratesReader(integerReader(0)),
  });

function ratesReader(rate: Reader<number>): Reader<readonly DeviceRate[]> {
  return listReader((item, at) =>
    whole(readKeys<DeviceRate>(item, at, { path: readName, rate }), ['path', 'rate'], item, at),
  );
}

/** All of the keys, or a word about those that are not there. */
function whole<T extends object>(
  fields: Partial<T> | undefined,
  keys: readonly (keyof T & string)[],
  node: Node,
  where: Where,
): T | undefined {
  if (fields === undefined || node.kind !== 'map') return undefined;
  for (const key of keys) missingKey(node, where, key, `write {${keys.map((each) => `${each}: …`).join(', ')}}`);
  return isWhole(fields, keys) ? fields : undefined;
}

function isWhole<T extends object>(fields: Partial<T>, keys: readonly (keyof T)[]): fields is T {
  return keys.every((key) => fields[key] !== undefined);
}
