// Where something stands in a file that a person wrote. A place keeps offsets only; line, column and the source line
// are worked out when a diagnostic needs them.
import type { Diagnostic } from '../diagnostic.ts';

export interface SourceText {
  /** Repository-relative. */
  readonly path: string;
  readonly text: string;
  /** Offset of the first character of every line. */
  readonly lines: readonly number[];
}

/** Offsets into the text (UTF-16 units), end exclusive. `start` -1: the file as a whole. */
export interface Place {
  readonly file: SourceText;
  readonly start: number;
  readonly end: number;
}

/** Longest part of a source line that a diagnostic carries. */
const SOURCE_UNITS = 160;
/** Of a longer line: how much stands before the offending text. */
const BEFORE_UNITS = 40;

export function sourceText(path: string, text: string): SourceText {
  const lines = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.push(at + 1);
  return { path, text, lines };
}

/** A file that does not exist, cannot be read, or is meant as a whole. */
export function wholeFile(path: string): Place {
  return { file: { path, text: '', lines: [0] }, start: -1, end: -1 };
}

/** The part of a diagnostic that says where. Columns count characters, not UTF-16 units. */
export function locate(place: Place): Pick<Diagnostic, 'file' | 'line' | 'column' | 'source'> {
  const { path, text } = place.file;
  if (place.start < 0) return { file: path, line: 0, column: 0 };
  const index = lineIndex(place.file.lines, place.start);
  const lineStart = place.file.lines[index] ?? 0;
  const next = place.file.lines[index + 1];
  const lineEnd = next === undefined ? text.length : next - 1;
  const line = text.slice(lineStart, lineEnd).replace(/\r$/, '');
  const offset = place.start - lineStart;
  const column = characters(line.slice(0, offset)) + 1;
  const cut = line.length > SOURCE_UNITS ? Math.max(0, offset - BEFORE_UNITS) : 0;
  const shown = line.slice(cut, cut + SOURCE_UNITS);
  const meant = line.slice(offset, Math.min(place.end - lineStart, cut + SOURCE_UNITS)).trimEnd();
  const from = column - characters(line.slice(cut, offset));
  const length = Math.max(1, characters(meant));
  return { file: path, line: index + 1, column, source: { text: shown, length, ...(cut > 0 ? { from } : {}) } };
}

/** Code points. Counts without making anything: lines may be as long as a file. */
function characters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0xdc00 || unit > 0xdfff) count += 1;
  }
  return count;
}

/** 1-based line of a place. */
export function lineOf(place: Place): number {
  return lineIndex(place.file.lines, Math.max(0, place.start)) + 1;
}

/** Last line that starts at or before the offset. */
function lineIndex(lines: readonly number[], offset: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
