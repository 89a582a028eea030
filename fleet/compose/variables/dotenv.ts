// Environment files (.env, env_file) in Compose's grammar: comments, `export`, single quotes (literal), double quotes
// (escapes, interpolation), unquoted (interpolation, ` #` starts a comment); and in the raw one, where a line is a name and
// a value as it stands. Problems are reported, never thrown.
import type { SourceFile } from '../../model/source.ts';
import { type Place, type SourceText, wholeFile } from '../place.ts';
import type { Report } from '../report.ts';
import { decodeText } from '../yaml/parse.ts';
import { expand, type Interpolation } from './interpolate.ts';
import { type Budget, MAX_READ, type Variables } from './variables.ts';

/** Most variables of one file. */
const MAX_VARIABLES = 5000;

/** Where references look: in `over`, then in what the file has set so far, then in `under`. */
export interface Scope {
  readonly over: Variables;
  readonly under: Variables;
  readonly budget: Budget;
}

/** The file's variables, in order. */
export function parseDotenv(
  file: SourceFile,
  scope: Scope,
  report: Report,
  format: 'compose' | 'raw' = 'compose',
): Map<string, string> {
  const source = decodeText(file.path, file.bytes, report);
  if (source === null) return new Map();
  if (!scope.budget.read(file.size)) {
    const what = `the device's files of variables are named so often that they come to more than ${MAX_READ / 1024} KiB`;
    report.error(wholeFile(file.path), 'too-large', what);
    return new Map();
  }
  return format === 'raw' ? parseRaw(source, scope, report) : parseCompose(source, scope, report);
}

function parseCompose(source: SourceText, { over, under, budget }: Scope, report: Report): Map<string, string> {
  const values = new Map<string, string>();
  const variables: Variables = { get: (name) => over.get(name) ?? values.get(name) ?? under.get(name) };
  const scan: Scan = { source, at: 0, report, how: { variables, budget, unset: new Set() } };
  while (values.size < MAX_VARIABLES && skipBlank(scan)) {
    const start = scan.at;
    const name = readName(scan);
    if (name === null) continue;
    if (name.inherited) {
      const value = over.get(name.text) ?? under.get(name.text);
      if (value !== undefined) values.set(name.text, value);
      continue;
    }
    const value = readValue(scan, name.text);
    if (value !== null) values.set(name.text, value);
    if (scan.at === start) break;
  }
  if (values.size >= MAX_VARIABLES) {
    report.error(place(scan, scan.at, scan.at + 1), 'too-large', `more than ${MAX_VARIABLES} variables in one file`);
  }
  return values;
}

interface Scan {
  readonly source: SourceText;
  readonly report: Report;
  readonly how: Interpolation;
  at: number;
}

function place(scan: Scan, start: number, end: number): Place {
  return { file: scan.source, start, end };
}

/** Moves past blank lines and comments; false at the end. */
function skipBlank(scan: Scan): boolean {
  const { text } = scan.source;
  while (scan.at < text.length) {
    if (text[scan.at] === '#') scan.at = lineEnd(scan);
    else if (/\s/.test(text.charAt(scan.at))) scan.at += 1;
    else return true;
  }
  return false;
}

function lineEnd(scan: Scan): number {
  const end = scan.source.text.indexOf('\n', scan.at);
  return end < 0 ? scan.source.text.length : end;
}

/** `export NAME=`, `NAME:`, or `NAME` alone, which is taken from outside. null: reported, and the line is skipped. */
function readName(scan: Scan): { text: string; inherited: boolean } | null {
  const { text } = scan.source;
  const end = lineEnd(scan);
  const pattern = /(?:export[ \t]+)?([\p{L}\p{N}_.\-[\]]+)[ \t\r]*(=|:|(?=#|\n|$))[ \t]*/uy;
  pattern.lastIndex = scan.at;
  const found = pattern.exec(text);
  const [, name, separator] = found ?? [];
  if (name === undefined || pattern.lastIndex > end + 1) {
    const line = text.slice(scan.at, end).trimEnd();
    const at = place(scan, scan.at, scan.at + line.length);
    scan.report.error(at, 'dotenv', 'not a variable', 'write NAME=value; a name has letters, digits and "_"');
    scan.at = end;
    return null;
  }
  scan.at = Math.min(pattern.lastIndex, end);
  if (separator === '') scan.at = end;
  return { text: name, inherited: separator === '' };
}

function readValue(scan: Scan, name: string): string | null {
  const quote = scan.source.text[scan.at];
  if (quote !== '"' && quote !== "'") return unquoted(scan, name);
  const start = scan.at;
  const close = closingQuote(scan.source.text, start, quote);
  const end = lineEnd(scan);
  if (close < 0) {
    scan.report.error(place(scan, start, end), 'dotenv', `${name}: the quote is not closed`, `add ${quote} at the end`);
    scan.at = end;
    return null;
  }
  // What follows the quote is read as if it stood on its own line: a comment, or another variable.
  scan.at = close + 1;
  const inside = scan.source.text.slice(start + 1, close);
  if (quote === "'") return inside.replaceAll("\\'", "'");
  return expanded(scan, unescaped(inside), name, place(scan, start, close + 1));
}

function closingQuote(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}

function unquoted(scan: Scan, name: string): string {
  const start = scan.at;
  const end = lineEnd(scan);
  const line = scan.source.text.slice(start, end);
  const comment = line.indexOf(' #');
  const value = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
  const at = place(scan, start, start + Math.max(1, value.length));
  if (/^#(\s|$)/.test(value)) {
    const what = `${name}: after an empty value, "#" begins no comment: it is the value`;
    scan.report.warn(at, 'dotenv', what, `write ${name}="" before the comment`);
  }
  scan.at = end;
  return expanded(scan, value, name, at);
}

function expanded(scan: Scan, value: string, name: string, at: Place): string {
  return value.includes('$') ? expand(value, at, { path: name, report: scan.report }, scan.how) : value;
}

/** Escapes of double quotes. `\$` becomes `$$`, which interpolation turns into a dollar sign. */
function unescaped(text: string): string {
  return text.replace(/\\(?:([abfnrtv$"\\])|0([0-7]{3}))/g, (whole, character?: string, octal?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return ESCAPES.get(character ?? '') ?? whole;
  });
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['$', '$$'],
  ['"', '"'],
  ['\\', '\\'],
]);

/** As `docker run --env-file` reads it: nothing has a meaning but the first `=` and a `#` that begins a line. */
function parseRaw(source: SourceText, { over }: Scope, report: Report): Map<string, string> {
  const values = new Map<string, string>();
  let start = 0;
  for (const full of source.text.split('\n')) {
    const line = full.replace(/\r$/, '').trimStart();
    const at = { file: source, start: start + full.indexOf(line), end: start + full.indexOf(line) + line.length };
    start += full.length + 1;
    if (line === '' || line.startsWith('#')) continue;
    const [name = '', value = over.get(line)] = line.split(/=(.*)/s, 2);
    if (name === '' || /\s/.test(name)) {
      const what = name === '' ? 'a name is missing before "="' : 'a name has no spaces';
      report.error(at, 'dotenv', what, 'write NAME=value');
    } else if (value !== undefined) values.set(name, value);
    if (values.size <= MAX_VARIABLES) continue;
    report.error(at, 'too-large', `more than ${MAX_VARIABLES} variables in one file`);
    break;
  }
  return values;
}
