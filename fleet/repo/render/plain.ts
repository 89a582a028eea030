// Plain data as Compose's own `config` writes it: absent rather than empty, sizes and durations as Go's types print them.

import type { Node } from '../../compose/node.ts';

export type Rendered = Record<string, unknown>;

export function isRendered(data: unknown): data is Rendered {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** What a file holds, without its places. */
export function dataOf(node: Node): unknown {
  if (node.kind === 'list') return node.items.map(dataOf);
  if (node.kind === 'map') {
    return Object.fromEntries([...node.entries.values()].map(({ key, value }) => [key, dataOf(value)]));
  }
  return typeof node.value === 'bigint' ? node.text : node.value;
}

/** Keys where empty is not the same as absent: clearing what an image says, options of a mount, a network without any. */
const KEPT_EMPTY = new Set([
  'command',
  'entrypoint',
  'volume',
  'bind',
  'image',
  'services',
  'ipam',
  'resources',
  'placement',
]);

/** Without what is absent or empty; what is null stays. */
export function compact(fields: Rendered): Rendered {
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => {
      if (value === undefined) return false;
      return value === null || typeof value !== 'object' || Object.keys(value).length > 0 || KEPT_EMPTY.has(key);
    }),
  );
}

/** Sorted by key. */
export function sorted(fields: Rendered): Rendered {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function byKey<T>(all: Iterable<T>, keyOf: (item: T) => string, render: (item: T) => unknown): Rendered {
  return sorted(Object.fromEntries([...all].map((item) => [keyOf(item), render(item)])));
}

/** `false` is what goes without saying. */
export function flag(value: boolean | undefined): true | undefined {
  return value === true ? true : undefined;
}

/** Bytes, as text. */
export function size(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : String(bytes);
}

/** Nanoseconds as Go's `time.Duration` prints them: `1m0s`, `1h0m0s`, `1.5s`, `250ms`. */
export function duration(ns: number | undefined): string | undefined {
  if (ns === undefined) return undefined;
  for (const [unit, text] of UNITS) if (ns > 0 && ns < unit * 1000 && unit < 1e9) return `${decimal(ns / unit)}${text}`;
  const hours = Math.floor(ns / 3600e9);
  const minutes = Math.floor((ns % 3600e9) / 60e9);
  const seconds = `${decimal((ns % 60e9) / 1e9)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

const UNITS = [
  [1, 'ns'],
  [1e3, 'µs'],
  [1e6, 'ms'],
] as const;

/** Nine places at most, none of them a trailing zero. */
function decimal(value: number): string {
  return value.toFixed(9).replace(/\.?0+$/, '');
}
