// Typed readers of the located tree, and the table that maps are read with: one entry per key, name to reader.
// A reader answers undefined when it reported that it cannot read; it never throws.
import { asList, instead } from './meant.ts';
import { didYouMean, nearest } from './nearest.ts';
import { describe, type Entry, isNull, type Node } from './node.ts';
import type { Place } from './place.ts';
import { below, doubtful, itemOf, type Where, wrong } from './report.ts';

export type Reader<T> = (node: Node, where: Where) => T | undefined;

/** One entry per key of a map. */
export type Keys<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

/** Keys that are right Compose and are not read: refused with a hint (a text, which may be empty), or warned of. */
export type Unsupported = Readonly<Record<string, string | Ignored>>;

/** A key that changes nothing here: why, and what to write instead. */
export interface Ignored {
  readonly what: string;
  readonly hint: string;
}

/** Something that later stages may have to point at. */
export interface Located<T> {
  readonly value: T;
  readonly at: Place;
}

/** A map by its table; the order of its keys is lost. `x-…` is the user's own unless the table has it, an empty value is as good as absent, every other key is an error. */
export function readKeys<T extends object>(
  node: Node,
  where: Where,
  keys: Keys<T>,
  unsupported: Unsupported = {},
  notYet = NOT_YET,
): Partial<T> | undefined {
  if (node.kind !== 'map') return wrong(where, node.at, 'type', `has to be a map, not ${describe(node)}`);
  const result: Partial<T> = {};
  let before: Entry | undefined;
  for (const entry of node.entries.values()) {
    const { key, keyAt, value } = entry;
    if (key.startsWith('x-') && !isKeyOf(keys, key)) continue;
    const at = below(where, key);
    if (isKeyOf(keys, key)) {
      const read = isNull(value) ? undefined : keys[key](value, at);
      if (read !== undefined) result[key] = read;
    } else if (Object.hasOwn(unsupported, key)) {
      const aside = unsupported[key] ?? '';
      if (typeof aside === 'string') wrong(at, keyAt, 'unsupported-key', notYet, aside || undefined);
      else if (!isNull(value)) doubtful(at, keyAt, 'ignored-key', aside.what, aside.hint);
    } else {
      const known = [...Object.keys(keys), ...Object.keys(unsupported)];
      wrong(at, keyAt, 'unknown-key', 'unknown key', didYouMean(key, known) ?? instead(entry, before, known));
      continue;
    }
    before = entry;
  }
  return inOrder(result);
}

/** For a map that was read by its table: an error unless the key has a value, or is misspelt, which was said of the word itself. */
export function missingKey(node: Node, where: Where, key: string, hint?: string, at: Place = node.at): undefined {
  const there = node.kind === 'map' ? [...node.entries.values()] : [];
  if (there.some((entry) => entry.key === key && !isNull(entry.value))) return undefined;
  const near = there.some((entry) => !entry.key.startsWith('x-') && entry.key !== key && nearest(entry.key, [key]));
  if (near && where.report.failed()) return undefined;
  return wrong(where, at, 'missing-key', `${key} is missing`, hint);
}

/** The order of keys in the file must not show in what is made of it. */
function inOrder<T extends object>(result: Partial<T>): Partial<T> {
  const ordered: Partial<T> = {};
  for (const key of (Object.keys(result) as (keyof T & string)[]).sort()) ordered[key] = result[key];
  return ordered;
}

export const NOT_YET = 'valid Compose, but Holdfast does not support it yet';

function isKeyOf<T extends object>(keys: Keys<T>, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(keys, key);
}

/** A list of items that one reader reads; items that cannot be read are left out (and reported). */
export function listReader<T>(read: Reader<T>): Reader<T[]> {
  return (node, where) => {
    if (node.kind !== 'list')
      return wrong(where, node.at, 'type', `has to be a list, not ${describe(node)}`, asList(node));
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

/** Names without repeats and empty ones, sorted: their order says nothing. */
export function setReader(read: Reader<string>): Reader<string[]> {
  const list = oneOrMoreReader(read);
  return (node, where) => {
    const items = list(node, where);
    return items === undefined ? undefined : [...new Set(items)].filter((item) => item !== '').sort();
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
