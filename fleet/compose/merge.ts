// Several files to one, by the rules of the Compose specification: maps are merged, scalars replaced, lists appended, with
// exceptions by path. Places stay with what they belong to. What is unique in a list (a port, a mount point) is settled by
// its reader, where short and long forms are the same: the last one wins.
import { describe, type Entry, isNull, listNode, type MapNode, type Node, textNode } from './node.ts';
import { toMap } from './pairs.ts';
import { below, type Where, wrong } from './report.ts';

/** The tree of all files, later ones over earlier ones. */
export function mergeFiles(first: MapNode, others: readonly MapNode[], where: Where): MapNode {
  const merged = others.reduce((base, over) => mergeMaps(base, over, [], where), cleaned(first));
  return merged;
}

/**
 * `replace`: the later one as it is. `pairs`: map or list of `KEY=value`. `sequence`: one or a list.
 * `references`: a list of names, or a map by name.
 */
type Rule = 'replace' | 'pairs' | 'sequence' | 'references';

const RULES: Partial<Record<string, Rule>> = {
  'services.*.command': 'replace',
  'services.*.entrypoint': 'replace',
  'services.*.healthcheck.test': 'replace',
  'services.*.environment': 'pairs',
  'services.*.labels': 'pairs',
  'services.*.annotations': 'pairs',
  'services.*.sysctls': 'pairs',
  'services.*.extra_hosts': 'pairs',
  'services.*.env_file': 'sequence',
  'services.*.tmpfs': 'sequence',
  'services.*.dns': 'sequence',
  'services.*.dns_search': 'sequence',
  'services.*.depends_on': 'references',
  'services.*.networks': 'references',
  'networks.*.labels': 'pairs',
  'volumes.*.labels': 'pairs',
  'configs.*.labels': 'pairs',
};

function ruleOf(path: readonly string[]): Rule | undefined {
  const [section, , ...rest] = path;
  return path.length < 3 ? undefined : RULES[[section, '*', ...rest].join('.')];
}

function mergeMaps(base: MapNode, over: MapNode, path: readonly string[], where: Where): MapNode {
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of over.entries) {
    const before = entries.get(key);
    if (entry.value.tag === 'reset') entries.delete(key);
    else if (before === undefined || key.startsWith('x-'))
      entries.set(key, { ...entry, value: cleanedNode(entry.value) });
    else
      entries.set(key, { ...before, value: mergeNodes(before.value, entry.value, [...path, key], below(where, key)) });
  }
  return { ...base, entries };
}

function mergeNodes(base: Node, over: Node, path: readonly string[], where: Where): Node {
  const rule = ruleOf(path);
  if (over.tag === 'override' || rule === 'replace') return cleanedNode(over);
  if (isNull(over)) return base;
  if (isNull(base)) return cleanedNode(over);
  const [left, right] = rule === undefined ? [base, over] : [alike(base, rule, where), alike(over, rule, where)];
  if (left === undefined || right === undefined) return base;
  if (left.kind === 'map' && right.kind === 'map') return mergeMaps(left, right, path, where);
  if (left.kind === 'list' && right.kind === 'list') return listNode([...left.items, ...right.items], right.at);
  if (left.kind === 'scalar' && right.kind === 'scalar') return right;
  const what = `${describe(right)} cannot be merged over ${describe(left)}`;
  const hint = 'use the same form as the file before, or the tag !override to replace it';
  wrong(where, right.at, 'merge', what, hint);
  return base;
}

/** Both forms of a key as the one that merges. */
function alike(node: Node, rule: Rule, where: Where): Node | undefined {
  if (rule === 'pairs') return toMap(node, where);
  if (rule === 'sequence') return node.kind === 'list' ? node : listNode([node], node.at);
  if (rule !== 'references' || node.kind !== 'list') return node;
  const entries = new Map<string, Entry>();
  for (const item of node.items) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') {
      return wrong(where, item.at, 'type', `has to be a name, not ${describe(item)}`);
    }
    entries.set(item.value, { key: item.value, keyAt: item.at, value: { ...textNode('', item.at), value: null } });
  }
  return { kind: 'map', entries, at: node.at };
}

/** Without what `!reset` takes away where there is nothing to merge with. */
function cleaned(node: MapNode): MapNode {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of node.entries) {
    if (entry.value.tag !== 'reset') entries.set(key, { ...entry, value: cleanedNode(entry.value) });
  }
  return { ...node, entries };
}

function cleanedNode(node: Node): Node {
  if (node.kind === 'map') return cleaned(node);
  if (node.kind === 'list')
    return { ...node, items: node.items.filter((item) => item.tag !== 'reset').map(cleanedNode) };
  return node;
}
