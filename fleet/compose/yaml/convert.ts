// The parser's nodes to the located tree: resolves aliases and `<<`, checks keys. Aliases share what they point to;
// size and depth are counted as if they were written out, so that sharing cannot hide a bomb.
import { type Alias, isAlias, isMap, isScalar, isSeq, type Pair, type Scalar, type Node as YamlNode } from 'yaml';
import { didYouMean } from '../nearest.ts';
import type { Entry, MergeTag, Node } from '../node.ts';
import { lineOf, type Place, type SourceText } from '../place.ts';
import { below, itemOf, type Report, shown, type Where, wrong } from '../report.ts';
import { resolvePlain, type Value } from './scalar.ts';
import { MAX_DEPTH } from './scan.ts';

/** Most nodes of one file (all its documents), aliases counted as often as they are used. */
export const MAX_NODES = 100_000;

/** More anchors than this are not looked through for the one that was meant. */
const MAX_MEANT = 1000;

/** A converted node and what it would be written out. */
interface Sized {
  readonly node: Node;
  readonly size: number;
  readonly depth: number;
}

interface Context {
  readonly file: SourceText;
  readonly report: Report;
  /** By name; null while the anchored node is still being read. */
  readonly anchors: Map<string, Sized | null>;
  /** Nodes that may still come; below zero: refused, and said so. */
  left: number;
}

/** Converts the documents of one file; anchors are a document's own. null: refused, and reported. */
export function createConverter(file: SourceText, report: Report): { convert(root: YamlNode): Node | null } {
  let left = MAX_NODES;
  return {
    convert(root) {
      const context: Context = { file, report, anchors: new Map(), left };
      const sized = convert(root, { path: '', report }, context);
      left = context.left;
      return sized === null || context.left < 0 ? null : sized.node;
    },
  };
}

function convert(node: YamlNode, where: Where, context: Context): Sized | null {
  if (context.left < 0) return null;
  if (isAlias(node)) return alias(node, where, context);
  const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
  if (anchor !== undefined) context.anchors.set(anchor, null);
  const sized = plain(node, where, context);
  if (sized === null || !spend(1, sized.depth, sized.node.at, where, context)) return null;
  if (anchor !== undefined) context.anchors.set(anchor, sized);
  return sized;
}

function plain(node: YamlNode, where: Where, context: Context): Sized | null {
  const at = placeOf(node, context.file);
  const tag = tagOf(node, at, where);
  if (isMap(node)) {
    const { entries, size, depth } = mapping(node.items as Pair<YamlNode, YamlNode | null>[], where, context);
    return { node: { kind: 'map', entries, at, ...tag }, size: size + 1, depth: depth + 1 };
  }
  if (isSeq(node)) {
    const items = (node.items as YamlNode[]).flatMap((item, i) => convert(item, itemOf(where, i), context) ?? []);
    const { size, depth } = sum(items);
    return {
      node: { kind: 'list', items: items.map((item) => item.node), at, ...tag },
      size: size + 1,
      depth: depth + 1,
    };
  }
  if (!isScalar(node)) return null;
  return { node: { kind: 'scalar', ...scalarValue(node, at, where), at, ...tag }, size: 1, depth: 1 };
}

function alias(node: Alias, where: Where, context: Context): Sized | null {
  const at = placeOf(node, context.file);
  const found = context.anchors.get(node.source);
  if (found === undefined) {
    const hint =
      didYouMean(node.source, [...context.anchors.keys()].slice(0, MAX_MEANT)) ?? 'anchor it above, or write it out';
    wrong(where, at, 'unknown-anchor', `nothing before this is anchored as "&${shown(node.source)}"`, hint);
    return null;
  }
  if (found === null) {
    wrong(where, at, 'alias-cycle', `"*${shown(node.source)}" contains itself`);
    return null;
  }
  return spend(found.size, found.depth, at, where, context) ? found : null;
}

/** Takes from the budget; false (once with a diagnostic) when it is used up. */
function spend(size: number, depth: number, at: Place, where: Where, context: Context): boolean {
  if (context.left < 0) return false;
  context.left -= size;
  if (context.left >= 0 && depth <= MAX_DEPTH) return true;
  context.left = -1;
  const what =
    depth > MAX_DEPTH ? `nested more than ${MAX_DEPTH} deep` : 'too much for one file once aliases are written out';
  wrong(where, at, depth > MAX_DEPTH ? 'too-deep' : 'too-large', what);
  return false;
}

function mapping(
  pairs: readonly Pair<YamlNode, YamlNode | null>[],
  where: Where,
  context: Context,
): { entries: ReadonlyMap<string, Entry>; size: number; depth: number } {
  const own = new Map<string, Entry>();
  const merged: Sized[] = [];
  const parts: Sized[] = [];
  const seen = new Map<string, Place>();
  for (const pair of pairs) {
    const keyAt = placeOf(pair.key, context.file);
    const key = keyText(pair.key, keyAt, where);
    if (key === null) continue;
    const first = seen.get(key);
    if (first !== undefined) {
      const line = `the first one is on line ${lineOf(first)}`;
      const hint = isMergeKey(pair.key) ? `${line}: write both as <<: [*one, *other]` : line;
      wrong(below(where, key), keyAt, 'duplicate-key', 'declared twice', hint);
      continue;
    }
    seen.set(key, keyAt);
    const sized = pair.value === null ? nothing(keyAt) : convert(pair.value, below(where, key), context);
    if (sized === null) continue;
    parts.push(sized);
    if (isMergeKey(pair.key)) merged.push(...mergeSources(sized, keyAt, where));
    else own.set(key, { key, keyAt, value: sized.node });
  }
  // What is written here wins over what is merged in, and an earlier source over a later one (YAML merge key type).
  const entries = new Map(own);
  for (const { node } of merged) {
    if (node.kind !== 'map') continue;
    for (const [key, entry] of node.entries) if (!entries.has(key)) entries.set(key, entry);
  }
  return { entries, ...sum(parts) };
}

function mergeSources(sized: Sized, keyAt: Place, where: Where): Sized[] {
  const nodes = sized.node.kind === 'list' ? sized.node.items : [sized.node];
  if (nodes.every((node) => node.kind === 'map')) return nodes.map((node) => ({ ...sized, node }));
  wrong(where, keyAt, 'merge-key', '"<<" takes a map or a list of maps', 'write <<: *anchor or <<: [*one, *other]');
  return [];
}

function keyText(node: YamlNode, at: Place, where: Where): string | null {
  if (!isScalar(node)) {
    wrong(where, at, 'key', 'a key has to be plain text');
    return null;
  }
  const key = typeof node.value === 'string' ? node.value : '';
  if (key === '__proto__' || key.includes('\0') || key === '') {
    wrong(where, at, 'key', key === '' ? 'a key is missing before ":"' : 'this key is refused');
    return null;
  }
  return key;
}

function isMergeKey(node: YamlNode): boolean {
  return isScalar(node) && node.value === '<<' && node.type === 'PLAIN';
}

function scalarValue(node: Scalar, at: Place, where: Where): { value: Value; text: string } {
  const text = typeof node.value === 'string' ? node.value : '';
  if (text.includes('\0')) wrong(where, at, 'value', 'a NUL character is refused');
  return { value: tagged(node, text), text };
}

/** Quotes make text, and so does `!!str`; the other core tags look at quoted text as if it were plain. */
function tagged({ tag, type }: Scalar, text: string): Value {
  if (tag !== undefined && tag !== '!') return tag === `${CORE}str` ? text : resolvePlain(text);
  return type === 'PLAIN' && tag === undefined ? resolvePlain(text) : text;
}

function tagOf(node: YamlNode, at: Place, where: Where): { tag: MergeTag } | undefined {
  const tag = node.tag;
  if (tag === undefined || KNOWN_TAGS.has(tag)) return undefined;
  if (tag === '!reset') return { tag: 'reset' };
  if (tag === '!override') return { tag: 'override' };
  return wrong(where, at, 'tag', `the tag "${shown(tag)}" is not known`, 'Compose knows !reset and !override');
}

const CORE = 'tag:yaml.org,2002:';
const KNOWN_TAGS = new Set(['!', ...['map', 'seq', 'str', 'int', 'float', 'bool', 'null'].map((type) => CORE + type)]);

function nothing(at: Place): Sized {
  return { node: { kind: 'scalar', value: null, text: '', at }, size: 1, depth: 1 };
}

function sum(parts: readonly Sized[]): { size: number; depth: number } {
  return parts.reduce((all, part) => ({ size: all.size + part.size, depth: Math.max(all.depth, part.depth) }), {
    size: 0,
    depth: 0,
  });
}

function placeOf(node: YamlNode, file: SourceText): Place {
  const [start, end] = node.range ?? [0, 0];
  return { file, start: Math.min(start, file.text.length), end: Math.min(end, file.text.length) };
}
