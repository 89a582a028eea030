// Readers of scalars: text, numbers, booleans, words, durations, sizes.
import { parseDuration, parseSize } from '../units.ts';
import { didYouMean } from './nearest.ts';
import { describe, type Node, type ScalarNode } from './node.ts';
import type { Reader } from './read.ts';
import { doubtful, shown, wrong } from './report.ts';

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

/** Text that may be empty, which is as good as absent: what a variable that is not set leaves behind. */
export const readOptionalText: Reader<string> = (node, where) => readTextOrNumber(node, where) || undefined;

/** Any scalar but null, as it stands: words of a command, options. */
export const readScalar: Reader<string> = (node, where) =>
  node.kind === 'scalar' && typeof node.value === 'boolean' ? node.text : readTextOrNumber(node, where);

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
    const meant = oldBoolean(word);
    if (typeof node.value === 'string' && meant !== undefined) {
      doubtful(where, node.at, 'old-boolean', `"${node.value}" is text, and read as ${meant}`, `write ${meant}`);
      return meant;
    }
  }
  return wrong(where, node.at, 'type', `has to be true or false, not ${describe(node)}`);
};

/** What `yes`, `off`… were in YAML 1.1. */
export function oldBoolean(word: string): boolean | undefined {
  return OLD_BOOLEANS.get(word.toLowerCase());
}

/** YAML 1.1's other booleans, and what Compose takes for one besides. */
const OLD_BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['y', true],
  ['on', true],
  ['no', false],
  ['n', false],
  ['off', false],
  ['1', true],
  ['t', true],
  ['0', false],
  ['f', false],
]);

/** A number, or its text; null when the node is neither. */
export function numberOf(node: Node): number | null {
  if (node.kind !== 'scalar') return null;
  if (typeof node.value === 'number') return Number.isFinite(node.value) ? node.value : null;
  if (typeof node.value !== 'string' || !/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(node.value)) return null;
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

/** Nanoseconds, not negative. Compose takes days and weeks besides Go's units. */
export const readDuration: Reader<number> = (node, where) => {
  const ns = node.kind === 'scalar' && typeof node.value === 'string' ? parseDuration(inHours(node.value)) : null;
  if (ns !== null && ns >= 0) return ns;
  const seconds = numberOf(node);
  if (seconds === 0) return 0;
  const hint = seconds === null ? 'write it like 30s, 1m30s or 500ms' : `write the unit: ${seconds}s`;
  return wrong(where, node.at, 'value', 'has to be a duration', hint);
};

function inHours(text: string): string {
  return text.length > 64
    ? text
    : text.replace(/(\d+\.?\d*|\.\d+)([dw])/g, (_, amount, unit) => `${Number(amount) * (unit === 'd' ? 24 : 168)}h`);
}

/** Bytes. */
export const readSize: Reader<number> = (node, where) => {
  const bytes = node.kind === 'scalar' ? parseSize(String(node.value)) : null;
  if (bytes !== null) return bytes;
  return wrong(where, node.at, 'value', 'has to be a size', 'write it like 64m, 1.5g or a number of bytes');
};

/** Bytes, or -1: without a limit. */
export const readSizeOrNone: Reader<number> = (node, where) => (numberOf(node) === -1 ? -1 : readSize(node, where));

/** A scalar's value as the text that an environment variable holds. */
export function scalarText(node: ScalarNode): string {
  return node.value === null ? '' : String(node.value);
}
