// Typed readers of the located tree, and the table that maps are read with: one entry per key, name to reader.
// A reader answers undefined when it reported that it cannot read; it never throws.
import { parseDuration, parseSize } from '../units.ts';
import { didYouMean } from './nearest.ts';
import { describe, isNull, type Node, type ScalarNode } from './node.ts';
import type { Place } from './place.ts';
import { below, doubtful, itemOf, shown, type Where, wrong } from './report.ts';

export type Reader<T> = (node: Node, where: Where) => T | undefined;

/** One entry per key of a map. */
export type Keys<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

/** Keys that are right elsewhere and not supported: what to do instead; empty when there is nothing to say. */
export type Unsupported = Readonly<Record<string, string>>;

/** Something that later stages may have to point at. */
export interface Located<T> {
  readonly value: T;
  readonly at: Place;
}

/** A map by its table, in the table's order. `x-…` is the user's own, an empty value is as good as absent, every other key is an error. */
export function readKeys<T extends object>(
  node: Node,
  where: Where,
  keys: Keys<T>,
  unsupported: Unsupported = {},
  notYet = NOT_YET,
): Partial<T> | undefined {
  if (node.kind !== 'map') return wrong(where, node.at, 'type', `has to be a map, not ${describe(node)}`);
  const result: Partial<T> = {};
  for (const { key, keyAt, value } of node.entries.values()) {
    if (key.startsWith('x-')) continue;
    const at = below(where, key);
    if (isKeyOf(keys, key)) {
      const read = isNull(value) ? undefined : keys[key](value, at);
      if (read !== undefined) result[key] = read;
    } else if (Object.hasOwn(unsupported, key)) {
      wrong(at, keyAt, 'unsupported-key', notYet, unsupported[key] || undefined);
    } else {
      wrong(
        at,
        keyAt,
        'unknown-key',
        'unknown key',
        didYouMean(key, [...Object.keys(keys), ...Object.keys(unsupported)]),
      );
    }
  }
  return inOrder(result, keys);
}

/** The order of keys in the file must not show in what is made of it. */
function inOrder<T extends object>(result: Partial<T>, keys: Keys<T>): Partial<T> {
  const ordered: Partial<T> = {};
  for (const key in keys) {
    const value = result[key];
    if (value !== undefined) ordered[key] = value;
  }
  return ordered;
}

export const NOT_YET = 'valid Compose, but Holdfast does not support it yet';

function isKeyOf<T extends object>(keys: Keys<T>, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(keys, key);
}

/** Text. A number or a boolean is refused, because what was meant (`1.10`, `no`) cannot be told. */
export const readText: Reader<string> = (node, where) => {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  const hint = node.kind === 'scalar' && node.value !== null ? `write it in quotes: "${shown(node.text)}"` : undefined;
  return wrong(where, node.at, 'type', `has to be text, not ${describe(node)}`, hint);
};

/** Text that is not empty. */
export const readName: Reader<string> = (node, where) => {
  const text = readText(node, where);
  return text === '' ? wrong(where, node.at, 'value', 'must not be empty') : text;
};

/** Text, or a number as it stands: `user: 1000`. */
export const readTextOrNumber: Reader<string> = (node, where) =>
  node.kind === 'scalar' && (typeof node.value === 'number' || typeof node.value === 'bigint')
    ? node.text
    : readText(node, where);

/** true, false, or their text (interpolation makes text). */
export const readBoolean: Reader<boolean> = (node, where) => {
  if (node.kind === 'scalar') {
    if (typeof node.value === 'boolean') return node.value;
    const word = String(node.value).toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
    const meant = OLD_BOOLEANS[word];
    if (typeof node.value === 'string' && meant !== undefined) {
      doubtful(where, node.at, 'old-boolean', `"${node.value}" is text in YAML 1.2`, `write ${meant}`);
      return meant;
    }
  }
  return wrong(where, node.at, 'type', 'has to be true or false');
};

/** YAML 1.1's other booleans. */
const OLD_BOOLEANS: Partial<Record<string, boolean>> = {
  yes: true,
  y: true,
  on: true,
  no: false,
  n: false,
  off: false,
};

/** A number, or its text; null when the node is neither. */
export function numberOf(node: Node): number | null {
  if (node.kind !== 'scalar') return null;
  if (typeof node.value === 'number') return Number.isFinite(node.value) ? node.value : null;
  if (typeof node.value !== 'string' || !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(node.value)) return null;
  return Number(node.value);
}

export function integerReader(min: number, max = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (node, where) => {
    const value = numberOf(node);
    if (value !== null && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    return wrong(where, node.at, 'value', `has to be a whole number ${range}`);
  };
}

/** One of a few words. */
export function wordReader<W extends string>(words: readonly W[]): Reader<W> {
  return (node, where) => {
    const text = node.kind === 'scalar' ? String(node.value) : null;
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    const what = `has to be ${words.join(' or ')}`;
    return wrong(where, node.at, 'value', what, text === null ? undefined : didYouMean(text, words));
  };
}

/** Nanoseconds, not negative. */
export const readDuration: Reader<number> = (node, where) => {
  const ns = node.kind === 'scalar' && typeof node.value === 'string' ? parseDuration(node.value) : null;
  if (ns !== null && ns >= 0) return ns;
  const seconds = numberOf(node);
  if (seconds === 0) return 0;
  const hint = seconds === null ? 'write it like 30s, 1m30s or 500ms' : `write the unit: ${seconds}s`;
  return wrong(where, node.at, 'value', 'has to be a duration', hint);
};

/** Bytes. */
export const readSize: Reader<number> = (node, where) => {
  const number = numberOf(node);
  const bytes = number === null && node.kind === 'scalar' ? parseSize(String(node.value)) : number;
  if (bytes !== null && Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  return wrong(where, node.at, 'value', 'has to be a size', 'write it like 64m, 1.5g or a number of bytes');
};

/** A list of items that one reader reads; items that cannot be read are left out (and reported). */
export function listReader<T>(read: Reader<T>): Reader<T[]> {
  return (node, where) => {
    if (node.kind !== 'list') return wrong(where, node.at, 'type', `has to be a list, not ${describe(node)}`);
    return node.items.flatMap((item, index) => {
      const value = read(item, itemOf(where, index));
      return value === undefined ? [] : [value];
    });
  };
}

/** A list, or one item that stands for a list of one. */
export function oneOrMoreReader<T>(read: Reader<T>): Reader<T[]> {
  const list = listReader(read);
  return (node, where) => {
    if (node.kind === 'list') return list(node, where);
    const value = read(node, where);
    return value === undefined ? undefined : [value];
  };
}

/** The reader's value with its place. */
export function locatedReader<T>(read: Reader<T>): Reader<Located<T>> {
  return (node, where) => {
    const value = read(node, where);
    return value === undefined ? undefined : { value, at: node.at };
  };
}

/** A map from names that the user chose to what one reader reads. */
export function mapReader<T>(
  read: (node: Node, where: Where, key: Located<string>) => T | undefined,
): Reader<Map<string, T>> {
  return (node, where) => {
    if (node.kind !== 'map') return wrong(where, node.at, 'type', `has to be a map, not ${describe(node)}`);
    const result = new Map<string, T>();
    for (const { key, keyAt, value } of node.entries.values()) {
      const got = read(value, below(where, key), { value: key, at: keyAt });
      if (got !== undefined) result.set(key, got);
    }
    return result;
  };
}

/** A plain record in the order of its keys, so that the order in the file never shows. */
export function sortedRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A scalar's value as the text that an environment variable holds. */
export function scalarText(node: ScalarNode): string {
  return node.value === null ? '' : String(node.value);
}
