// What Compose takes as a map or as a list of `KEY=value`: environment, labels, options.
import { describe, type Entry, type MapNode, mapNode, type Node, textNode } from './node.ts';
import type { Located, Reader } from './read.ts';
import { doubtful, itemOf, shown, type Where, wrong } from './report.ts';
import { scalarText } from './scalars.ts';

/** A value; null when only the key is given. */
export type Pairs = ReadonlyMap<string, Located<string | null>>;

export const readPairs: Reader<Pairs> = (node, where) => {
  const map = toMap(node, where);
  if (map === undefined) return undefined;
  const pairs = new Map<string, Located<string | null>>();
  for (const { key, keyAt, value } of map.entries.values()) {
    const at = { path: `${where.path}.${shown(key)}`, report: where.report };
    if (key === '' && value.kind === 'scalar' && value.value === null) {
      doubtful(where, keyAt, 'empty-item', 'an empty item is left out', 'remove it, or write KEY=value');
    } else if (key === '' || key.includes('=')) {
      wrong(where, keyAt, 'value', key === '' ? 'a name is missing before "="' : `"${shown(key)}" is not a name`);
    } else if (value.kind !== 'scalar') {
      wrong(at, value.at, 'type', `has to be text, not ${describe(value)}`);
    } else {
      const text = value.value === null ? null : scalarText(value);
      if (typeof value.value === 'number' && text !== value.text) {
        doubtful(
          at,
          value.at,
          'number',
          `${shown(value.text)} is the number ${text}`,
          `to keep it as written, write "${shown(value.text)}"`,
        );
      }
      pairs.set(key, { value: text, at: keyAt });
    }
  }
  return pairs;
};

/** Both forms as a map; the last of equal keys wins. undefined: neither, and said so. */
export function toMap(node: Node, where: Where): MapNode | undefined {
  if (node.kind === 'map') return node;
  if (node.kind !== 'list') return wrong(where, node.at, 'type', `has to be a map or a list, not ${describe(node)}`);
  const entries: Entry[] = [];
  for (const [index, item] of node.items.entries()) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') {
      const hint = item.kind === 'map' ? 'write KEY=value, or leave the dash away' : undefined;
      wrong(itemOf(where, index), item.at, 'type', `has to be KEY=value, not ${describe(item)}`, hint);
      continue;
    }
    const equals = item.value.indexOf('=');
    const key = equals < 0 ? item.value : item.value.slice(0, equals);
    if (key === '__proto__') {
      wrong(itemOf(where, index), item.at, 'key', 'this key is refused');
      continue;
    }
    const value = equals < 0 ? { ...item, value: null } : textNode(item.value.slice(equals + 1), item.at);
    entries.push({ key, keyAt: item.at, value });
  }
  return mapNode(entries, node.at);
}
