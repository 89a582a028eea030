// What is wrong with a file that a person wrote: where, what, and what to write instead.
// Collected, never thrown: a reader reports everything that it finds. Text from files is shown without control
// characters, so that a hostile file cannot steer a terminal.

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** Repository-relative path. */
  readonly file: string;
  /** 1-based; 0 when the file as a whole is meant. */
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
  /** Stable code for programs: `unknown-key`, `duplicate-key`, `type`, `required-variable`… */
  readonly code: string;
  /** What is wrong, naming the key as a path: `services.web.prots: unknown key`. */
  readonly message: string;
  /** What to write instead, when there is something to say. */
  readonly hint?: string;
  /** The offending source line (or, of a very long one, the part from column `from`) and how many characters are meant. */
  readonly source?: { readonly text: string; readonly length: number; readonly from?: number };
}

/**
 * A diagnostic as text:
 *
 *     devices/edge-01/compose.yaml:6:5: services.web.prots: unknown key
 *         prots: ["80:80"]
 *         ^^^^^ did you mean "ports"?
 */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const place = diagnostic.line > 0 ? `:${diagnostic.line}:${diagnostic.column}` : '';
  const severity = diagnostic.severity === 'warning' ? 'warning: ' : '';
  const head = printable(`${diagnostic.file}${place}: ${severity}${diagnostic.message}`);
  const hint = printable(diagnostic.hint ?? '');
  if (diagnostic.source === undefined) return hint === '' ? head : `${head}\n    ${hint}`;
  const { text, length, from = 1 } = diagnostic.source;
  const indent = text.length - text.trimStart().length;
  const caret = ' '.repeat(Math.max(0, diagnostic.column - from - indent)) + '^'.repeat(Math.max(1, length));
  return `${head}\n    ${printable(text.trim())}\n    ${caret} ${hint}`.trimEnd();
}

/** Errors first to last as the files have them: by file, line, column. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.message, b.message) || 0
  );
}

/** One line without control characters (C0, C1, bidirectional overrides); a tab counts as one space. */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
