// YAML as SOPS reads and writes it: comments are part of the file (they are encrypted too), aliases are written out, and
// formatting is the format's own. The text is untrusted: it is measured before the parser has it.

import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Pair as PairNode,
  parseDocument,
  Scalar,
  YAMLMap,
  type YAMLParseError,
  YAMLSeq,
  type Node as YamlNode,
} from 'yaml';
import { createLexer } from '../compose/yaml/lexer.ts';
import { scanYaml } from '../compose/yaml/scan.ts';
import { Closed, RESTORE } from './fault.ts';
import { formatFloat, isTime } from './text.ts';
import {
  type Branch,
  type Comment,
  type Leaf,
  type List,
  leaf,
  MAX_DEPTH,
  MAX_LEAVES,
  type Pair,
  textOf,
  type Value,
} from './tree.ts';

/** Throws `Closed`. An empty file is an empty map. */
export function parseYaml(text: string): Branch {
  const scanned = scanYaml(text, createLexer());
  if ('code' in scanned) throw new Closed('its YAML is nested too deeply, too large or not YAML', RESTORE);
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    intAsBigInt: true,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const [error] = document.errors;
  if (error !== undefined) throw notYaml(error);
  const root = document.contents;
  const context: Context = { document, left: MAX_LEAVES * 4 };
  const before = comments(document.commentBefore, context);
  const after = comments(document.comment, context);
  if (root === null || (isScalar(root) && root.value === null)) return { kind: 'map', items: [...before, ...after] };
  if (!isMap(root)) throw new Closed('its YAML is not a map', 'write NAME: VALUE lines');
  const branch = readMap(root, context, 0);
  return { kind: 'map', items: [...before, ...branch.items, ...after] };
}

function notYaml({ code }: YAMLParseError): Closed {
  if (code === 'MULTIPLE_DOCS')
    return new Closed('it holds more than one YAML document', 'one file holds one document');
  return new Closed('it is not YAML, or cut short', RESTORE);
}

interface Context {
  readonly document: Document;
  /** Nodes and comments that may still come; aliases count as often as they are used. */
  left: number;
}

function spend(context: Context, depth: number): void {
  context.left -= 1;
  if (context.left < 0) throw new Closed(`it has more than ${MAX_LEAVES} values`, 'split it');
  if (depth > MAX_DEPTH) throw new Closed(`it is nested more than ${MAX_DEPTH} deep`, 'make it flatter');
}

function comments(text: string | null | undefined, context: Context): Comment[] {
  if (text === null || text === undefined || text === '') return [];
  return text.split('\n').flatMap((line): Comment[] => {
    if (line.trim() === '') return [];
    spend(context, 0);
    return [{ kind: 'comment', text: line }];
  });
}

function readMap(map: YAMLMap, context: Context, depth: number): Branch {
  const items: (Pair | Comment)[] = comments(map.commentBefore, context);
  const seen = new Set<string>();
  for (const { key: keyNode, value: valueNode } of map.items as PairNode<YamlNode, YamlNode | null>[]) {
    const key = keyOf(keyNode);
    if (seen.has(key)) throw new Closed(`it has the key "${key.slice(0, 80)}" twice`, 'remove one of them');
    seen.add(key);
    items.push(...comments(keyNode.commentBefore, context), ...comments(keyNode.comment, context));
    // Comments of a plain value stand with its key, those of a map or list inside it.
    const plain = valueNode === null || isScalar(valueNode) || isAlias(valueNode);
    if (plain) items.push(...comments(valueNode?.commentBefore, context), ...comments(valueNode?.comment, context));
    items.push({ kind: 'pair', key, value: readValue(valueNode, context, depth + 1) });
  }
  return { kind: 'map', items: [...items, ...comments(map.comment, context)] };
}

function keyOf(node: YamlNode): string {
  if (!isScalar(node)) throw new Closed('one of its keys is not text', 'write NAME: VALUE');
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

function readList(list: YAMLSeq, context: Context, depth: number): List {
  const items: (Value | Comment)[] = comments(list.commentBefore, context);
  for (const node of list.items as (YamlNode | null)[]) {
    if (isScalar(node)) items.push(...comments(node.commentBefore, context), ...comments(node.comment, context));
    items.push(readValue(node, context, depth + 1));
  }
  return { kind: 'list', items: [...items, ...comments(list.comment, context)] };
}

function readValue(node: YamlNode | null, context: Context, depth: number): Value {
  spend(context, depth);
  if (node === null) return leaf('null', '');
  if (isAlias(node)) {
    const target = node.resolve(context.document);
    if (target === undefined) throw new Closed('it refers to an anchor that is not there', RESTORE);
    return readValue(target, context, depth + 1);
  }
  if (isMap(node)) return readMap(node, context, depth);
  if (isSeq(node)) return readList(node, context, depth);
  return isScalar(node) ? readScalar(node) : leaf('null', '');
}

function readScalar(node: Scalar): Leaf {
  const { value } = node;
  if (typeof value === 'bigint') return leaf('int', String(value));
  if (typeof value === 'number') return leaf('float', formatFloat(value));
  if (typeof value === 'boolean') return leaf('bool', value ? 'True' : 'False');
  if (typeof value !== 'string') return leaf('null', '');
  return leaf(node.type === 'PLAIN' && isTime(value) ? 'time' : 'str', value);
}

/** As text. `sops` is appended last. */
export function formatYaml(branch: Branch, sops?: Branch): string {
  const document = new Document(undefined, { version: '1.2', schema: 'core' });
  const root = mapNode(branch);
  if (sops !== undefined) root.items.push(new PairNode(new Scalar('sops'), mapNode(sops)));
  document.contents = root as never;
  return document.toString({ indent: 4, lineWidth: 0, flowCollectionPadding: false });
}

function mapNode({ items }: Branch): YAMLMap {
  const map = new YAMLMap();
  let held: string[] = [];
  for (const item of items) {
    if (item.kind === 'comment') {
      held.push(item.text);
      continue;
    }
    const key = new Scalar(item.key);
    if (needsQuotes(item.key)) key.type = 'QUOTE_DOUBLE';
    if (held.length > 0) key.commentBefore = held.join('\n');
    held = [];
    map.items.push(new PairNode(key, valueNode(item.value)));
  }
  if (held.length > 0) map.comment = held.join('\n');
  return map;
}

function valueNode(value: Value): YamlNode {
  if (value.kind === 'leaf') return scalarNode(value);
  if (value.kind === 'map') return mapNode(value);
  const list = new YAMLSeq();
  let held: string[] = [];
  for (const item of value.items) {
    if (item.kind === 'comment') {
      held.push(item.text);
      continue;
    }
    const node = valueNode(item);
    if (held.length > 0) node.commentBefore = held.join('\n');
    held = [];
    list.items.push(node);
  }
  if (held.length > 0) list.comment = held.join('\n');
  return list;
}

function scalarNode(value: Leaf): Scalar {
  const text = textOf(value);
  switch (value.type) {
    case 'null':
      return new Scalar(null);
    case 'bool':
      return new Scalar(text === 'True');
    case 'int':
      return new Scalar(BigInt(text));
    case 'float': {
      const node = new Scalar(Number(text.replace('Inf', 'Infinity')));
      if (Number.isInteger(node.value)) node.minFractionDigits = 1;
      return node;
    }
    case 'time': {
      const node = new Scalar(text);
      node.type = 'PLAIN';
      return node;
    }
    case 'str':
    case 'bytes': {
      const node = new Scalar(text);
      if (text.includes('\n') && /\S/.test(text) && !/[^\P{Cc}\n\t]/u.test(text)) node.type = 'BLOCK_LITERAL';
      else if (needsQuotes(text)) node.type = 'QUOTE_DOUBLE';
      return node;
    }
  }
}

/** Text that other readers of YAML (1.1) would take for a number, a date or a boolean. */
function needsQuotes(text: string): boolean {
  return /^(?:[-+.]?\d|[-+]?\.(?:inf|nan)|[yn]$|yes$|no$|on$|off$|true$|false$|null$|~$|<<$|=$)/i.test(text);
}
