// One YAML file to a located tree: YAML 1.2 core, anchors and `<<`, and nothing else. The file is untrusted: bytes, tokens,
// nesting, nodes (aliases counted as often as they are used) and keys are bounded or refused before they can cost anything.
import { isScalar, parseDocument, type YAMLParseError } from 'yaml';
import { TEXT_BYTES } from '../model/source.ts';
import type { Node } from './node.ts';
import { lineOf, type Place, type SourceText, sourceText, wholeFile } from './place.ts';
import { type Report, shown } from './report.ts';
import { createConverter } from './yaml-convert.ts';
import { MAX_DEPTH, type Refusal, scanYaml } from './yaml-scan.ts';

/** Most parser errors that one file reports: the first few are the cause, the rest follow from them. */
const MAX_PARSE_ERRORS = 20;

/** `refused`: it cannot be read, and that was reported. `empty`: it holds nothing but comments. */
export type Parsed = { readonly kind: 'tree'; readonly root: Node } | { readonly kind: 'empty' | 'refused' };

export function parseYaml(path: string, bytes: Uint8Array | undefined, report: Report): Parsed {
  const file = decodeText(path, bytes, report);
  if (file === null) return { kind: 'refused' };
  const refusal = scanYaml(file.text);
  if (refusal !== null) {
    refuse(file, refusal, report);
    return { kind: 'refused' };
  }
  const document = parseDocument(file.text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    intAsBigInt: true,
    resolveKnownTags: false,
    prettyErrors: false,
    // Not `silent`, which would let a second document pass unread.
    logLevel: 'error',
  });
  if (document.errors.length > 0) {
    reportErrors(file, document.errors, report);
    return { kind: 'refused' };
  }
  const contents = document.contents;
  if (contents === null || (isScalar(contents) && contents.value === null)) return { kind: 'empty' };
  const root = createConverter(file, report).convert(contents);
  return root === null ? { kind: 'refused' } : { kind: 'tree', root };
}

/** A configuration file's text; null: refused and reported. */
export function decodeText(path: string, bytes: Uint8Array | undefined, report: Report): SourceText | null {
  if (bytes === undefined || bytes.length > TEXT_BYTES) {
    report.error(wholeFile(path), 'too-large', `larger than ${TEXT_BYTES / 1024} KiB, and not read as configuration`);
    return null;
  }
  try {
    return sourceText(path, new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // Only invalid UTF-8 gets here; the decoder does not say where it is.
    report.error(wholeFile(path), 'encoding', 'not valid UTF-8', 'save the file as UTF-8');
    return null;
  }
}

const REFUSED: Record<Refusal['code'], string> = {
  'too-deep': `nested more than ${MAX_DEPTH} deep`,
  'too-large': 'too many keys and values for one file',
  directive: '"%" directives are refused',
  yaml: 'not YAML',
};

function refuse(file: SourceText, { code, offset }: Refusal, report: Report): void {
  const hint = code === 'directive' ? 'remove the line: files are read as YAML 1.2' : undefined;
  report.error(within(file, offset, offset + 1), code, REFUSED[code], hint);
}

/** One error per line, and none after the parser lost its way: those that follow are about its confusion. */
function reportErrors(file: SourceText, errors: readonly YAMLParseError[], report: Report): void {
  const lines = new Set<number>();
  for (const { code, message, pos } of errors.slice(0, MAX_PARSE_ERRORS)) {
    const at = within(file, pos[0], pos[1]);
    if (!lines.has(lineOf(at))) report.error(at, 'yaml', `not YAML: ${shown(message)}`, HINTS[code]);
    lines.add(lineOf(at));
    if (code === 'UNEXPECTED_TOKEN') return;
  }
}

const HINTS: Partial<Record<string, string>> = {
  UNEXPECTED_TOKEN: 'put text with special characters in quotes',
  TAB_AS_INDENT: 'indent with spaces',
  MULTIPLE_DOCS: 'one file holds one document: remove the second "---"',
  BAD_SCALAR_START: 'put the value in quotes',
  BAD_INDENT: 'check the indentation of this line and the one before',
};

function within(file: SourceText, start: number, end: number): Place {
  const last = file.text.length;
  return { file, start: Math.min(start, last), end: Math.min(Math.max(end, start + 1), last) };
}
