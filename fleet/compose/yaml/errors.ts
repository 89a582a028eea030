// What is said of a text that is not YAML: where, and what to do about it.
import { Lexer, type YAMLParseError } from 'yaml';
import { lineOf, type Place, type SourceText } from '../place.ts';
import { type Report, shown } from '../report.ts';
import { compose } from './compose.ts';
import { isMark, scanYaml } from './scan.ts';

/** Most parser errors that one file reports: the first few are the cause, the rest follow from them. */
const MAX_PARSE_ERRORS = 20;

/** What Compose's library takes in silence: `"text"#comment`. */
const HARMLESS = /^Comments must be separated/;

export function isHarmless({ message }: YAMLParseError): boolean {
  return HARMLESS.test(message);
}

/** One error per line, and none after the parser lost its way: those that follow are about its confusion. */
export function reportErrors(
  file: SourceText,
  lexemes: readonly string[],
  errors: readonly YAMLParseError[],
  report: Report,
): void {
  const conflict = CONFLICT.exec(file.text);
  if (conflict !== null) {
    report.error(within(file, conflict.index, conflict.index + 7), 'yaml', LEFT_CONFLICT, CHOOSE);
    return;
  }
  const open = openQuote(lexemes, errors);
  if (open !== null) {
    report.error(within(file, open, open + 1), 'yaml', 'not YAML: this quote is not closed', 'close it on its line');
    return;
  }
  const lines = new Set<number>();
  const said = new Set<string>();
  for (const { code, message, pos } of explained(file.text, lexemes, errors).slice(0, MAX_PARSE_ERRORS)) {
    const at = within(file, pos[0], pos[1]);
    const isSaid = lines.has(lineOf(at)) || (ONCE.has(code) && said.has(code));
    const hint = hintOf(code, message, file.text.slice(at.start, at.end));
    if (!isSaid) report.error(at, 'yaml', `not YAML: ${WORDS[code] ?? shown(message)}`, hint);
    lines.add(lineOf(at));
    said.add(code);
    if (code === 'UNEXPECTED_TOKEN') return;
  }
}

/** What Git leaves in a file that was changed on both sides. */
const CONFLICT = /^<{7} /m;
const LEFT_CONFLICT = 'not YAML: a merge conflict was left here';
const CHOOSE = 'keep one side, and remove the lines with <<<<<<<, ======= and >>>>>>>';

const OPEN_QUOTE = 'Missing closing';

/**
 * Where a quoted text begins that is left open: it swallows what follows, up to the next quote of its kind. Either none
 * comes any more, or the text goes on where it should have ended. null: none is.
 */
function openQuote(lexemes: readonly string[], errors: readonly YAMLParseError[]): number | null {
  const neverEnds = errors.some(({ message }) => message.startsWith(OPEN_QUOTE));
  const after = errors.find(({ code }) => code === 'UNEXPECTED_TOKEN')?.pos[0];
  let offset = 0;
  let last: number | null = null;
  for (const lexeme of lexemes) {
    if (isMark(lexeme)) continue;
    const end = offset + lexeme.length;
    const isQuoted = lexeme.startsWith('"') || lexeme.startsWith("'");
    if (isQuoted && neverEnds) last = offset;
    if (isQuoted && !neverEnds && end === after && lexeme.includes('\n')) return offset;
    offset = end;
  }
  return last;
}

/**
 * A bracket that is left open swallows lines too; which one it is shows a reading that minds indentation. All else is told
 * as Compose's library sees it.
 */
function explained(
  text: string,
  lexemes: readonly string[],
  errors: readonly YAMLParseError[],
): readonly YAMLParseError[] {
  if (isBalanced(lexemes)) return errors;
  const strict = scanYaml(text, new Lexer());
  const located = 'code' in strict ? [] : compose(strict).flatMap((document) => document.errors);
  return located.length > 0 ? located : errors;
}

function isBalanced(lexemes: readonly string[]): boolean {
  let open = 0;
  for (const lexeme of lexemes) {
    if (lexeme === '[' || lexeme === '{') open += 1;
    if (lexeme === ']' || lexeme === '}') open -= 1;
  }
  return open === 0;
}

function hintOf(code: string, message: string, text: string): string | undefined {
  const [, key, value] = /^([\w.-]+):([^\s/].*)$/.exec(text.split('\n', 1)[0]?.trim() ?? '') ?? [];
  if (code === 'MULTILINE_IMPLICIT_KEY' && key !== undefined && value !== undefined)
    return `write a space after the colon: "${shown(`${key}: ${value}`)}"`;
  const bracket = /must (?:be sufficiently indented and )?end with a (\S)$/.exec(message)?.[1];
  return bracket === undefined ? HINTS[code] : `close it with "${bracket}" before this`;
}

/** Those of which the first is the cause, or says all. */
const ONCE: ReadonlySet<string> = new Set(['TAB_AS_INDENT']);

/** Instead of the parser's own words. */
const WORDS: Partial<Record<string, string>> = {
  UNEXPECTED_TOKEN: 'this stands where a value has ended',
  TAB_AS_INDENT: 'a tab cannot indent',
  BAD_INDENT: 'this is indented unlike the lines that it belongs to',
  MULTILINE_IMPLICIT_KEY: 'this is no key',
};

const HINTS: Partial<Record<string, string>> = {
  UNEXPECTED_TOKEN: 'put text with special characters in quotes',
  TAB_AS_INDENT: 'indent with spaces, here and below',
  BAD_SCALAR_START: 'put the value in quotes',
  BAD_ALIAS: 'put the value in quotes',
  BAD_INDENT: 'check the indentation of this line and the one before',
  BLOCK_AS_IMPLICIT_KEY: 'put a value that holds ": " in quotes, or check the indentation of the next line',
  MULTILINE_IMPLICIT_KEY: 'a ":" is missing after this key, or the next line is not indented enough',
};

export function within(file: SourceText, start: number, end: number): Place {
  const last = file.text.length;
  return { file, start: Math.min(start, last), end: Math.min(Math.max(end, start + 1), last) };
}
