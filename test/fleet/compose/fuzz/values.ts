// Pieces that structures are generated from. Maps are real maps, so that `__proto__` is a key like any other.
import fc from 'fast-check';

export type Value = fc.Arbitrary<unknown>;

const NAMES = [
  'web',
  'db',
  'data',
  'front',
  'default',
  'conf',
  'a.b',
  'x-a',
  '__proto__',
  'constructor',
  'toString',
  '<<',
  '',
  'a b',
  '1',
];
/** Now and then a value of another kind. */
const WRONG = 12;

export const number: Value = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(
    0,
    -1,
    -0,
    1e21,
    65_535,
    65_536,
    Number.MAX_SAFE_INTEGER,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    2n ** 80n,
  ),
);
export const name: Value = fc.constantFrom(...NAMES);
export const text: Value = fc.oneof(
  name,
  fc.constantFrom(
    './b.yaml',
    '/',
    '..',
    '${A:-b}',
    '${C?no}',
    '$$',
    '${',
    '$B',
    'a=b',
    'a\nb',
    '\u001b[31m',
    '💣\u202e',
    '\ud800',
    '~',
    'null',
    'yes',
  ),
  fc.string({ maxLength: 8 }),
);
export const any: Value = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom(...NAMES), tie('tree')), { maxLength: 3 }).map((all) => new Map(all)),
  ),
})).tree;
export const flag: Value = fc.oneof(fc.boolean(), fc.constantFrom('true', 'no', 'On', 'x'));

export function words(...all: string[]): Value {
  return fc.constantFrom(...all);
}

export function oneOf(...all: Value[]): Value {
  return fc.oneof(...all);
}

export function listOf(value: Value): Value {
  return fc.array(orWrong(value), { maxLength: 4 });
}

export const list: Value = listOf(text);

/** From names to one kind of value. */
export function mapOf(value: Value): Value {
  const pair = fc.tuple(fc.constantFrom(...NAMES), orWrong(value));
  return fc.array(pair, { minLength: 1, maxLength: 4 }).map((all) => new Map(all));
}

/** Both forms of `KEY=value`. */
export const pairs: Value = fc.oneof(
  mapOf(fc.oneof(text, number, fc.boolean(), fc.constant(null))),
  listOf(fc.tuple(name, text).map(([key, value]) => `${String(key)}=${String(value)}`)),
  list,
);

/** Some of the keys, in any order. */
export function entries(all: Readonly<Record<string, Value>>, maxLength = 5): Value {
  const pair = fc.oneof(...Object.entries(all).map(([key, value]) => fc.tuple(fc.constant(key), orWrong(value))));
  return fc.array(pair, { maxLength }).map((some) => new Map(some));
}

function orWrong(value: Value): Value {
  return fc.oneof({ weight: WRONG, arbitrary: value }, { weight: 1, arbitrary: any });
}
