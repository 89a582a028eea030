// Environment files (.env, env_file) in Compose's grammar: comments, `export`, single quotes (literal), double quotes
// (escapes, interpolation), unquoted (interpolation, ` #` starts a comment). Problems are reported, never thrown.
import type { SourceFile } from '../model/source.ts';
import { expand, type Interpolation } from './interpolate.ts';
import type { Place, SourceText } from './place.ts';
import type { Report } from './report.ts';
import type { Budget, Variables } from './variables.ts';
import { decodeText } from './yaml.ts';

/** Most variables of one file. */
const MAX_VARIABLES = 5000;

/** Where references look: in `over`, then in what the file has set so far, then in `under`. */
export interface Scope {
  readonly over: Variables;
  readonly under: Variables;
  readonly budget: Budget;
}

/** The file's variables, in order. */
export function parseDotenv(file: SourceFile, { over, under, budget }: Scope, report: Report): Map<string, string> {
  const values = new Map<string, string>();
  const source = decodeText(file.path, file.bytes, report);
  if (source === null) return values;
  const variables: Variables = { get: (name) => over.get(name) ?? values.get(name) ?? under.get(name) };
  const scan: Scan = { source, at: 0, report, how: { variables, budget } };
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
  const pattern = /(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t\r]*(=|:|(?=#|\n|$))[ \t]*/y;
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
  const inside = scan.source.text.slice(start + 1, close);
  scan.at = close + 1;
  const rest = scan.source.text.slice(scan.at, lineEnd(scan));
  if (!/^\s*(#.*)?$/.test(rest)) {
    const at = place(scan, scan.at, scan.at + rest.trimEnd().length);
    scan.report.error(at, 'dotenv', `${name}: text after the closing quote`);
  }
  scan.at = lineEnd(scan);
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
  const comment = line.startsWith('#') ? 0 : line.search(/\s#/);
  const value = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
  scan.at = end;
  return expanded(scan, value, name, place(scan, start, start + Math.max(1, value.length)));
}

function expanded(scan: Scan, value: string, name: string, at: Place): string {
  return value.includes('$') ? expand(value, at, { path: name, report: scan.report }, scan.how) : value;
}

/** Escapes of double quotes. `\$` becomes `$$`, which interpolation turns into a dollar sign. */
function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole, character: string) => {
    switch (character) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case '$':
        return '$$';
      case '"':
      case '\\':
        return character;
      default:
        return whole;
    }
  });
}
