// One tree over another by the rules of the Compose specification: maps are merged, lists appended, the rest replaced, with
// exceptions by path. Places stay with what they belong to. `!reset` and `!override` act on what is below them and stay in
// the result, because a tree that extends a service is itself merged over other files; `cleaned` takes them out.

import {
  describe,
  type Entry,
  isNull,
  type ListNode,
  listNode,
  type MapNode,
  mapNode,
  type Node,
  textNode,
} from '../node.ts';
import { toMap } from '../pairs.ts';
import { below, type Where, wrong } from '../report.ts';
import { scalarText } from '../scalars.ts';
import { type Rule, ruleOf } from './merge-rules.ts';

/** `over` over `base`, which has no tags; `path` is where both stand. */
export function mergeMaps(base: MapNode, over: MapNode, path: readonly string[], where: Where): MapNode {
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of over.entries) {
    const before = entries.get(key);
    if (before === undefined || entry.value.tag !== undefined || key.startsWith('x-')) entries.set(key, entry);
    else
      entries.set(key, { ...before, value: mergeNodes(before.value, entry.value, [...path, key], below(where, key)) });
  }
  return { ...base, entries };
}

function mergeNodes(base: Node, over: Node, path: readonly string[], where: Where): Node {
  const rule = ruleOf(path);
  if (rule === 'replace') return over;
  if (isNull(over)) return base;
  if (isNull(base)) return over;
  if (rule !== undefined) return byRule(rule, base, over, path, where);
  if (base.kind === 'map' && over.kind === 'map') return mergeMaps(base, over, path, where);
  if (base.kind === 'list' && over.kind === 'list') return appended(base, over);
  return base.kind === 'scalar' ? over : unlike(base, over, where);
}

function byRule(rule: Rule, base: Node, over: Node, path: readonly string[], where: Where): Node {
  const [left, right] = [alike(base, rule, where), alike(over, rule, where)];
  if (left === undefined || right === undefined) return base;
  if (left.kind === 'list' && right.kind === 'list') {
    if (rule === 'subnets') return bySubnet(left, right, path, where);
    return appended(left, rule === 'hosts' ? without(right, left) : right);
  }
  if (left.kind !== 'map' || right.kind !== 'map') return unlike(left, right, where);
  return rule === 'driver' && otherDriver(left, right) ? right : mergeMaps(left, right, path, where);
}

function unlike(base: Node, over: Node, where: Where): Node {
  const what = `${describe(over)} cannot be merged over ${describe(base)}`;
  const hint = 'use the same form as the file before, or the tag !override to replace it';
  wrong(where, over.at, 'merge', what, hint);
  return base;
}

/** Both forms of a key as the one that merges. undefined: neither, and said so. */
function alike(node: Node, rule: Rule, where: Where): Node | undefined {
  switch (rule) {
    case 'pairs':
      return toMap(node, where);
    case 'sequence':
      return node.kind === 'list' ? node : listNode([node], node.at);
    case 'hosts':
      return node.kind === 'map' ? hostList(node) : node;
    case 'references':
      return node.kind === 'list' ? byName(node, where, (item) => ({ ...textNode('', item.at), value: null })) : node;
    case 'dependencies':
      return node.kind === 'list' ? byName(node, where, bareDependency) : node;
    case 'context':
      return node.kind === 'scalar' ? one('context', node) : node;
    case 'driver':
    case 'subnets':
    case 'replace':
      return node;
  }
}

function one(key: string, value: Node): MapNode {
  return mapNode([{ key, keyAt: value.at, value }], value.at);
}

/** A map by the names that a list has. */
function byName(list: ListNode, where: Where, bare: (item: Node) => Node): MapNode | undefined {
  const entries: Entry[] = [];
  for (const item of list.items) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') {
      return wrong(where, item.at, 'type', `has to be a name, not ${describe(item)}`);
    }
    entries.push({ key: item.value, keyAt: item.at, value: bare(item) });
  }
  return mapNode(entries, list.at);
}

/** What a service's bare name in depends_on says, also over a longer form. */
function bareDependency({ at }: Node): Node {
  const required: Node = { kind: 'scalar', value: true, text: 'true', at };
  return mapNode(
    [
      { key: 'condition', keyAt: at, value: textNode('service_started', at) },
      { key: 'required', keyAt: at, value: required },
    ],
    at,
  );
}

function hostList(map: MapNode): ListNode {
  const items = [...map.entries.values()].flatMap(({ key, value }) => {
    const addresses = value.kind === 'list' ? value.items : [value];
    return addresses.map((address) => {
      return address.kind === 'scalar' ? textNode(`${key}=${scalarText(address)}`, address.at) : address;
    });
  });
  return listNode(items, map.at);
}

/** The items of a list that the other one does not have. */
function without(list: ListNode, other: ListNode): ListNode {
  const texts = new Set(other.items.map(itemText));
  return { ...list, items: list.items.filter((item) => !texts.has(itemText(item))) };
}

function itemText(item: Node): unknown {
  return item.kind === 'scalar' ? item.text : item;
}

function otherDriver(base: MapNode, over: MapNode): boolean {
  const [left, right] = [base, over].map((map) => map.entries.get('driver')?.value);
  if (left?.kind !== 'scalar' || right?.kind !== 'scalar' || isNull(left) || isNull(right)) return false;
  return left.value !== right.value;
}

/** The subnets of the later list, each over the earlier one that is the same subnet. */
function bySubnet(base: ListNode, over: ListNode, path: readonly string[], where: Where): ListNode {
  const known = new Map(base.items.map((item) => [subnetOf(item), item]));
  const items = over.items.map((item) => {
    const before = known.get(subnetOf(item));
    return before?.kind === 'map' && item.kind === 'map' ? mergeMaps(before, item, path, where) : item;
  });
  return { ...over, items };
}

function subnetOf(item: Node): unknown {
  const subnet = item.kind === 'map' ? item.entries.get('subnet')?.value : undefined;
  return subnet?.kind === 'scalar' ? subnet.value : undefined;
}

/** The place is the later list's: it is the one to look at. */
function appended(base: ListNode, over: ListNode): ListNode {
  return listNode([...base.items, ...over.items], over.at);
}

/** Without tags, and without what `!reset` takes away. */
export function cleaned(node: MapNode): MapNode {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of node.entries) {
    if (entry.value.tag !== 'reset') entries.set(key, { ...entry, value: cleanedNode(entry.value) });
  }
  return { kind: 'map', entries, at: node.at };
}

function cleanedNode(node: Node): Node {
  if (node.kind === 'map') return cleaned(node);
  if (node.kind === 'scalar')
    return node.tag === undefined ? node : { ...textNode(node.text, node.at), value: node.value };
  return listNode(node.items.filter((item) => item.tag !== 'reset').map(cleanedNode), node.at);
}
