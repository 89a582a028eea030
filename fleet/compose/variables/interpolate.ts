// Interpolation after the Compose specification: $NAME, ${NAME}, :- - :? ? :+ +, nesting, $$. Works on the values of the
// located tree (never on keys), before types are read. An unset variable without a default is empty, with a warning.

import { REDACTED } from '../../secret.ts';
import { didYouMean } from '../nearest.ts';
import { type Entry, type Node, textNode } from '../node.ts';
import type { Place } from '../place.ts';
import { below, doubtful, itemOf, shown, type Where, wrong } from '../report.ts';
import type { Budget, Variables } from './variables.ts';

/** Deepest `${A:-${B:-…}}`. */
const MAX_NESTING = 16;
/** Most `$…` of one value. */
const MAX_EXPRESSIONS = 1000;
/** Longest value that interpolation makes. */
export const MAX_VALUE = 64 * 1024;

export interface Interpolation {
  readonly variables: Variables;
  readonly budget: Budget;
  /** Unset variables that were reported: each is said once. */
  readonly unset?: Set<string>;
}

/** More variables than this are not looked through for the one that was meant. */
const MAX_MEANT = 1000;

/** The same tree with every value interpolated; what cannot be is reported and empty. */
export function interpolate(node: Node, where: Where, how: Interpolation): Node {
  if (node.kind === 'map') {
    const entries = new Map<string, Entry>();
    for (const [key, entry] of node.entries) {
      entries.set(key, { ...entry, value: interpolate(entry.value, below(where, key), how) });
    }
    return { ...node, entries };
  }
  if (node.kind === 'list') {
    return { ...node, items: node.items.map((item, index) => interpolate(item, itemOf(where, index), how)) };
  }
  if (typeof node.value !== 'string' || !node.value.includes('$')) return node;
  const value = expand(node.value, node.at, where, how);
  return value === node.value ? node : { ...node, ...textNode(value, node.at) };
}

/** One text. Problems point at the expression itself where it stands in the source as it is. */
export function expand(text: string, at: Place, where: Where, how: Interpolation): string {
  const value = substitute(text, { where, at, how, used: true }, 0);
  if (value.length <= MAX_VALUE && how.budget.spend(value.length)) return value;
  wrong(where, at, 'too-large', 'interpolation makes too much text');
  return '';
}

interface Context {
  readonly where: Where;
  readonly at: Place;
  readonly how: Interpolation;
  /** false: the text is a default that is not taken; nothing in it is missing. */
  readonly used: boolean;
}

function substitute(text: string, context: Context, depth: number): string {
  let out = '';
  let at = 0;
  let expressions = 0;
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
    out += text.slice(at, dollar);
    const expression = readExpression(text, dollar);
    if (expression === null && text[dollar + 1] !== '{') {
      // As Compose does: a dollar sign that begins nothing is one (`^a$`, `$1`, `$(id)`).
      out += '$';
      at = dollar + 1;
      continue;
    }
    if (expression === null) {
      const rest = text.slice(dollar, dollar + 20);
      const hint = `write $$ for a dollar sign, or \${NAME}, \${NAME:-default}, \${NAME:?message}`;
      wrong(context.where, within(context.at, rest), 'interpolation', `"${shown(rest)}" is not a variable`, hint);
      return out;
    }
    out += expression.name === '' ? '$' : value(expression, context, depth);
    expressions += 1;
    if (expressions > MAX_EXPRESSIONS) {
      wrong(context.where, context.at, 'too-large', `more than ${MAX_EXPRESSIONS} variables in one value`);
      return '';
    }
    if (out.length > MAX_VALUE) return out;
    at = dollar + expression.text.length;
  }
  return out + text.slice(at);
}

interface Expression {
  /** As written, `${NAME:-default}`. */
  readonly text: string;
  /** Empty: `$$`. */
  readonly name: string;
  readonly operator: '' | ':-' | '-' | ':?' | '?' | ':+' | '+';
  readonly word: string;
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATOR = /:-|-|:\?|\?|:\+|\+/y;

function readExpression(text: string, dollar: number): Expression | null {
  if (text[dollar + 1] === '$') return { text: '$$', name: '', operator: '', word: '' };
  const braced = text[dollar + 1] === '{';
  const start = dollar + (braced ? 2 : 1);
  const name = match(NAME, text, start);
  if (name === '') return null;
  if (!braced) return { text: `$${name}`, name, operator: '', word: '' };
  const after = start + name.length;
  if (text[after] === '}') return { text: text.slice(dollar, after + 1), name, operator: '', word: '' };
  const operator = match(OPERATOR, text, after) as Expression['operator'];
  const end = operator === '' ? -1 : closingBrace(text, after + operator.length);
  if (end < 0) return null;
  return { text: text.slice(dollar, end + 1), name, operator, word: text.slice(after + operator.length, end) };
}

/** Index of the `}` that closes the expression, past pairs of braces inside; the last one when they are no pairs; -1: none. */
function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '{') open += 1;
    else if (text[at] === '}') {
      open -= 1;
      if (open === 0) return at;
    }
  }
  const last = text.lastIndexOf('}');
  return last < from ? -1 : last;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function value({ name, operator, word, text }: Expression, context: Context, depth: number): string {
  const found = context.how.variables.get(name);
  const given = operator.startsWith(':') && found === '' ? undefined : found;
  const place = (): Place => within(context.at, text);
  if (
    given !== undefined &&
    context.used &&
    IN_SIGHT.test(context.where.path) &&
    context.how.variables.isSecret?.(name)
  ) {
    const hint = 'mount it as a secret, or pass it under "environment"';
    wrong(context.where, place(), 'secret-in-sight', `${name} is a secret, and labels are shown to everybody`, hint);
    return '';
  }
  if (depth >= MAX_NESTING) {
    wrong(context.where, place(), 'interpolation', `variables are nested more than ${MAX_NESTING} deep`);
    return '';
  }
  const isUnknown = found === undefined && context.how.variables.isUnknown?.(name) === true;
  const inner = (used: boolean): string => substitute(word, { ...context, used }, depth + 1);
  switch (operator) {
    case ':-':
    case '-':
      return given ?? inner(context.used);
    case ':+':
    case '+':
      return given === undefined ? '' : inner(context.used);
    case ':?':
    case '?': {
      if (given !== undefined) return given;
      if (isUnknown) return REDACTED;
      const message = inner(false) || 'it has no value';
      const hint = `set it in .env, or under env: in device.yaml`;
      wrong(context.where, place(), 'required-variable', `required variable ${name}: ${shown(message)}`, hint);
      return '';
    }
    case '':
      if (isUnknown) return REDACTED;
      if (found === undefined && context.used && !context.how.unset?.has(name)) {
        context.how.unset?.add(name);
        const meant = didYouMean(name, [...(context.how.variables.names?.() ?? [])].slice(0, MAX_MEANT));
        const hint = meant ?? `set it in .env or under env: in device.yaml, or write \${${name}:-default}`;
        doubtful(context.where, place(), 'unset-variable', `variable ${name} is not set: it is empty`, hint);
      }
      return found ?? '';
  }
}

/** What an inspect of the container, the network or the volume shows. */
const IN_SIGHT = /^(?:services|networks|volumes)\.[^.]+\.(?:deploy\.)?(?:labels|annotations)(?:[.[]|$)/;

/** The part of a place where the text stands as it is; else the whole place. */
function within(at: Place, text: string): Place {
  const found = at.file.text.slice(at.start, at.end).indexOf(text);
  return found < 0 ? at : { ...at, start: at.start + found, end: at.start + found + text.length };
}
