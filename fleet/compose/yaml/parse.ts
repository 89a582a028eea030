// One YAML file to located trees, one for each document: core types, anchors and `<<`, and nothing else. The file is
// untrusted: bytes, tokens, nesting, nodes (aliases counted as often as they are used) and keys are bounded or refused
// before they can cost anything.
import { TEXT_BYTES } from '../../model/source.ts';
import { isNull, type Node } from '../node.ts';
import { type SourceText, sourceText, wholeFile } from '../place.ts';
import type { Report } from '../report.ts';
import { compose } from './compose.ts';
import { createConverter } from './convert.ts';
import { isHarmless, reportErrors, within } from './errors.ts';
import { createLexer } from './lexer.ts';
import { parseOnce } from './parse-once.ts';
import { MAX_DEPTH, type Refusal, scanYaml } from './scan.ts';

/** `refused`: it cannot be read, and that was reported. `empty`: it holds nothing but comments. */
export type Parsed = { readonly kind: 'tree'; readonly root: Node } | { readonly kind: 'empty' | 'refused' };

/** The file's only document. */
export function parseYaml(path: string, bytes: Uint8Array | undefined, report: Report): Parsed {
  const roots = parseDocuments(path, bytes, report);
  if (roots === null) return { kind: 'refused' };
  const [root, second] = roots;
  if (root === undefined) return { kind: 'empty' };
  if (second === undefined) return { kind: 'tree', root };
  report.error(
    second.at,
    'yaml',
    'not YAML: a second document',
    'one file holds one document: remove the second "---"',
  );
  return { kind: 'refused' };
}

/** The file's documents that are not empty, in order. null: it cannot be read, and that was reported. */
export const parseDocuments = parseOnce(parse);

function parse(path: string, bytes: Uint8Array | undefined, report: Report): Node[] | null {
  const decoded = decodeText(path, bytes, report);
  if (decoded === null) return null;
  // A carriage return alone ends a line in YAML; the parser only knows it before a line feed.
  const file = sourceText(path, decoded.text.replace(/\r(?!\n)/g, '\n'));
  const lexemes = scanYaml(file.text, createLexer());
  if ('code' in lexemes) {
    refuse(file, lexemes, report);
    return null;
  }
  const documents = compose(lexemes);
  const errors = documents.flatMap((document) => document.errors).filter((error) => !isHarmless(error));
  if (errors.length > 0) {
    reportErrors(file, lexemes, errors, report);
    return null;
  }
  const converter = createConverter(file, report);
  const roots: Node[] = [];
  for (const { contents } of documents) {
    if (contents === null) continue;
    const root = converter.convert(contents);
    if (root === null) return null;
    if (!isNull(root)) roots.push(root);
  }
  return roots;
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
    // Only invalid UTF-8 gets here; the decoder does not say where it is, but what it puts in its place does.
    const file = sourceText(path, new TextDecoder('utf-8').decode(bytes));
    const start = Math.max(0, file.text.indexOf('\ufffd'));
    report.error({ file, start, end: start + 1 }, 'encoding', 'not valid UTF-8', 'save the file as UTF-8');
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
  const hint = code === 'directive' ? 'remove the line: Compose files are read without it' : undefined;
  report.error(within(file, offset, offset + 1), code, REFUSED[code], hint);
}
