// The located tree: what a YAML file holds, with the place of every key and value. Every stage (interpolation, merge,
// reading) passes it on, so a diagnostic points into the right file however late it comes.
import type { Place } from './place.ts';

export type Node = MapNode | ListNode | ScalarNode;

/** Compose's merge tags: `!reset` takes the key away, `!override` replaces it whole. */
export type MergeTag = 'reset' | 'override';

export interface MapNode {
  readonly kind: 'map';
  /** A real map: keys such as `constructor` are ordinary. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly at: Place;
  readonly tag?: MergeTag;
}

export interface Entry {
  readonly key: string;
  readonly keyAt: Place;
  readonly value: Node;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly at: Place;
  readonly tag?: MergeTag;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | bigint | boolean | null;
  /** As written, where it differs from the value: `0644`, `1.10`. */
  readonly text: string;
  readonly at: Place;
  readonly tag?: MergeTag;
}

export function mapNode(entries: Iterable<Entry>, at: Place): MapNode {
  return { kind: 'map', entries: new Map([...entries].map((entry) => [entry.key, entry])), at };
}

export function listNode(items: readonly Node[], at: Place): ListNode {
  return { kind: 'list', items, at };
}

export function textNode(value: string, at: Place): ScalarNode {
  return { kind: 'scalar', value, text: value, at };
}

/** The node, where it is known to be a map. */
export function mapOf(node: Node): MapNode {
  return node.kind === 'map' ? node : mapNode([], node.at);
}

/** A map without one of its keys. */
export function withoutKey(map: MapNode, key: string): MapNode {
  if (!map.entries.has(key)) return map;
  return { ...map, entries: new Map([...map.entries].filter(([name]) => name !== key)) };
}

export function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** `a map`, `a list`, `text`, `a number`…: what a node is, for messages. */
export function describe(node: Node): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'empty';
  switch (typeof node.value) {
    case 'string':
      return 'text';
    case 'boolean':
      return 'true or false';
    default:
      return 'a number';
  }
}
