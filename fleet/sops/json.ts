// JSON as SOPS reads and writes it: keys in the file's order (JavaScript's own parser reorders some), every number a float.
import { Closed, RESTORE } from './fault.ts';
import { formatFloat } from './text.ts';
import { type Branch, leaf, MAX_DEPTH, MAX_LEAVES, type Pair, textOf, type Value } from './tree.ts';

const TOKEN =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;

/** Throws `Closed`. */
export function parseJson(text: string): Branch {
  const scan: Scan = { text, at: 0, leaves: 0 };
  const value = readValue(scan, next(scan), 0);
  if (scan.text.slice(scan.at).trim() !== '') throw broken();
  if (value.kind !== 'map') throw new Closed('its JSON is not an object', RESTORE);
  return value;
}

interface Scan {
  readonly text: string;
  at: number;
  leaves: number;
}

function next(scan: Scan): string {
  TOKEN.lastIndex = scan.at;
  const found = TOKEN.exec(scan.text);
  if (found === null) throw broken();
  scan.at = TOKEN.lastIndex;
  return found.slice(1).find((part) => part !== undefined) ?? '';
}

function readValue(scan: Scan, token: string, depth: number): Value {
  if (depth > MAX_DEPTH) throw new Closed(`it is nested more than ${MAX_DEPTH} deep`, 'make it flatter');
  if (token === '{') return readMap(scan, depth);
  if (token === '[') return readList(scan, depth);
  scan.leaves += 1;
  if (scan.leaves > MAX_LEAVES) throw new Closed(`it has more than ${MAX_LEAVES} values`, 'split it');
  if (token.startsWith('"')) return leaf('str', stringOf(token));
  if (token === 'null') return leaf('null', '');
  if (token === 'true' || token === 'false') return leaf('bool', token === 'true' ? 'True' : 'False');
  if (/^[-\d]/.test(token)) return leaf('float', formatFloat(Number(token)));
  throw broken();
}

function readMap(scan: Scan, depth: number): Branch {
  const items: Pair[] = [];
  const seen = new Set<string>();
  for (let token = next(scan); token !== '}'; token = next(scan)) {
    if (items.length > 0) {
      if (token !== ',') throw broken();
      token = next(scan);
    }
    if (!token.startsWith('"')) throw broken();
    const key = stringOf(token);
    if (seen.has(key)) throw new Closed(`it has the key "${key.slice(0, 80)}" twice`, 'remove one of them');
    seen.add(key);
    if (next(scan) !== ':') throw broken();
    items.push({ kind: 'pair', key, value: readValue(scan, next(scan), depth + 1) });
  }
  return { kind: 'map', items };
}

function readList(scan: Scan, depth: number): Value {
  const items: Value[] = [];
  for (let token = next(scan); token !== ']'; token = next(scan)) {
    if (items.length > 0) {
      if (token !== ',') throw broken();
      token = next(scan);
    }
    items.push(readValue(scan, token, depth + 1));
  }
  return { kind: 'list', items };
}

function stringOf(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    throw broken();
  }
}

function broken(): Closed {
  return new Closed('it is not JSON, or cut short', RESTORE);
}

/** Indented with tabs, as SOPS does. Comments have no place in JSON. */
export function formatJson(branch: Branch): string {
  return `${formatted(branch, '')}\n`;
}

function formatted(value: Value, indent: string): string {
  const deeper = `${indent}\t`;
  if (value.kind === 'leaf') return formatLeaf(value.type, textOf(value));
  const [open, close] = value.kind === 'map' ? ['{', '}'] : ['[', ']'];
  const lines = value.items.flatMap((item) => {
    if (item.kind === 'comment') return [];
    if (item.kind === 'pair') return [`${deeper}${JSON.stringify(item.key)}: ${formatted(item.value, deeper)}`];
    return [`${deeper}${formatted(item, deeper)}`];
  });
  return lines.length === 0 ? open + close : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function formatLeaf(type: string, text: string): string {
  if (type === 'null') return 'null';
  if (type === 'bool') return text.toLowerCase();
  if (type === 'int' || (type === 'float' && Number.isFinite(Number(text)))) return text;
  return JSON.stringify(text);
}
