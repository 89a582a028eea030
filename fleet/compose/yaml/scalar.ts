// What a plain scalar stands for, as Compose's YAML library resolves it: YAML 1.2's core types, and of YAML 1.1 the octal
// `0777`, `0b…` and `_` between digits. `yes`, `no`, `on`, `off`, dates and `22:22` are text.

export type Value = string | number | bigint | boolean | null;

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...['', '~', 'null', 'Null', 'NULL'].map((text) => [text, null] as const),
  ...['true', 'True', 'TRUE'].map((text) => [text, true] as const),
  ...['false', 'False', 'FALSE'].map((text) => [text, false] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((text) => [text, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((text) => [text, Number.NEGATIVE_INFINITY] as const),
  ...['.nan', '.NaN', '.NAN'].map((text) => [text, Number.NaN] as const),
]);

/** No number is longer; longer text is not looked at. */
const LONGEST_NUMBER = 128;

export function resolvePlain(text: string): Value {
  const constant = CONSTANTS.get(text);
  if (constant !== undefined) return constant;
  if (text.length > LONGEST_NUMBER || !/^[-+.0-9]/.test(text)) return text;
  const digits = text.replaceAll('_', '');
  return integer(digits) ?? float(digits) ?? text;
}

const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const LARGEST = 2n ** 64n - 1n;
const SMALLEST = -(2n ** 63n);

function integer(text: string): number | bigint | undefined {
  const [, sign, hex, binary, octal, decimal] = INTEGER.exec(text) ?? [];
  const magnitude = hex ?? binary ?? octal ?? decimal;
  if (magnitude === undefined) return undefined;
  let prefix = '';
  if (hex !== undefined) prefix = '0x';
  else if (binary !== undefined) prefix = '0b';
  else if (octal !== undefined) prefix = '0o';
  const value = BigInt(prefix + magnitude) * (sign === '-' ? -1n : 1n);
  if (value > LARGEST || value < SMALLEST) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function float(text: string): number | undefined {
  return /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(text) ? Number(text) : undefined;
}
