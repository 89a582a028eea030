// What is said when a configuration does not fit its schema: what is wrong, what to write instead, and nothing that
// only follows from another fault.
import { z } from 'zod';
import { didYouMean, nearest } from '../compose/nearest.ts';
import { shown } from '../compose/report.ts';
import { oldBoolean } from '../compose/scalars.ts';

export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly of: 'key' | 'value';
  readonly message: string;
  readonly hint?: string;
}

type Issue = z.core.$ZodIssue;

/** Asks the schema for no words of its own where there are better ones here. */
const OURS = '\u0000';

export const withOurWords: z.core.ParseContext<Issue> = { error: ({ code }) => (code in WORDS ? OURS : undefined) };

/** `value` is what was judged. */
export function faultsOf(issues: readonly Issue[], schema: z.ZodObject, value: unknown): Fault[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, issue.path, schema));
    const given = at(value, issue.path);
    if (given === undefined && issue.code === 'invalid_type') return missing(issue.path, schema, value);
    const words = issue.message === OURS ? WORDS[issue.code]?.(issue, given) : undefined;
    return [{ path: issue.path, of: 'value', ...(words ?? { message: issue.message }) }];
  });
}

function unknownKey(key: string, path: readonly PropertyKey[], schema: z.ZodObject): Fault {
  const known = keysAt(schema, path);
  const hint =
    didYouMean(key, known) ?? (known.length === 0 ? 'nothing is known here' : `known here: ${known.join(', ')}`);
  return { path: [...path, key], of: 'key', message: 'unknown key', hint };
}

/** Not said of what is there, but misspelt. */
function missing(path: readonly PropertyKey[], schema: z.ZodObject, value: unknown): Fault[] {
  const [parent, name] = [path.slice(0, -1), String(path.at(-1))];
  const there = at(value, parent);
  const known = keysAt(schema, parent);
  const others = typeof there === 'object' && there !== null ? Object.keys(there) : [];
  if (others.some((key) => !known.includes(key) && nearest(key, known) === name)) return [];
  return [{ path, of: 'key', message: 'is missing', hint: `add ${name}: …` }];
}

type Words = { readonly message: string; readonly hint?: string };

const WORDS: { readonly [code: string]: ((issue: Issue, given: unknown) => Words | undefined) | undefined } = {
  invalid_type: (issue, given) => (issue.code === 'invalid_type' ? wrongType(issue.expected, given) : undefined),
  invalid_value: (issue, given) => {
    if (issue.code !== 'invalid_value') return undefined;
    const words = issue.values.map(String);
    const hint = didYouMean(String(given), words);
    return { message: `has to be ${words.join(', ').replace(/, ([^,]+)$/, ' or $1')}`, ...(hint && { hint }) };
  },
  too_small: (issue) => (issue.code === 'too_small' ? { message: tooSmall(issue) } : undefined),
  too_big: (issue) => (issue.code === 'too_big' ? { message: tooBig(issue) } : undefined),
};

function tooSmall({ origin, minimum, inclusive }: z.core.$ZodIssueTooSmall): string {
  if (origin === 'string') return 'must not be empty';
  if (origin === 'array') return `has to have ${minimum} entries at least`;
  return inclusive === false ? `has to be more than ${minimum}` : `has to be ${minimum} at least`;
}

function tooBig({ origin, maximum }: z.core.$ZodIssueTooBig): string {
  if (origin === 'string') return `longer than ${maximum} characters`;
  return origin === 'array' ? `more than ${maximum} entries` : `has to be ${maximum} at most`;
}

const TYPES: { readonly [expected: string]: string | undefined } = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
};

function wrongType(expected: string, given: unknown): Words {
  const message = `has to be ${TYPES[expected] ?? expected}, not ${described(given)}`;
  const hint = typeHint(expected, given);
  return hint === undefined ? { message } : { message, hint };
}

function typeHint(expected: string, given: unknown): string | undefined {
  if (typeof given === 'object') return undefined;
  const text = shown(String(given));
  if (expected === 'array') return `write [ ${text} ]`;
  if (expected === 'string') return `write it in quotes: "${text}"`;
  const meant = expected === 'boolean' ? oldBoolean(text) : undefined;
  return meant === undefined ? undefined : `write ${meant}`;
}

function described(given: unknown): string {
  if (Array.isArray(given)) return 'a list';
  if (typeof given === 'object') return 'a map';
  if (typeof given === 'string') return 'text';
  return typeof given === 'boolean' ? 'true or false' : 'a number';
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    found =
      typeof found === 'object' && found !== null && Object.hasOwn(found, key) ? Reflect.get(found, key) : undefined;
  }
  return found;
}

function keysAt(schema: z.ZodObject, path: readonly PropertyKey[]): string[] {
  let type: unknown = schema;
  for (const key of path) type = inside(type, key);
  return type instanceof z.ZodObject ? Object.keys(type.shape) : [];
}

function inside(type: unknown, key: PropertyKey): unknown {
  if (type instanceof z.ZodObject) return unwrap(type.shape[String(key)]);
  if (type instanceof z.ZodRecord) return unwrap(type.valueType);
  return type instanceof z.ZodArray ? unwrap(type.element) : undefined;
}

function unwrap(type: unknown): unknown {
  let inner = type;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap();
  return inner;
}
