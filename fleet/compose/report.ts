// Collects diagnostics while files are read. Bounded, sorted by place, without repeats (an anchor that is used
// ten times is wrong once).
import { compareDiagnostics, type Diagnostic } from '../diagnostic.ts';
import { locate, type Place } from './place.ts';

/** More than this helps nobody; the rest is counted. */
export const MAX_DIAGNOSTICS = 200;
/** Longest key or value that a message quotes. */
const SHOWN_CHARACTERS = 80;

export interface Report {
  error(at: Place, code: string, message: string, hint?: string): void;
  warn(at: Place, code: string, message: string, hint?: string): void;
  /** Was there an error? */
  failed(): boolean;
  diagnostics(): Diagnostic[];
}

/** Where a reader is: the key as a path, and whom to tell. */
export interface Where {
  readonly path: string;
  readonly report: Report;
}

export function createReport(): Report {
  const kept = new Map<string, Diagnostic>();
  let errors = 0;
  let dropped = 0;
  const add = (severity: Diagnostic['severity'], at: Place, code: string, message: string, hint?: string): void => {
    if (severity === 'error') errors += 1;
    // An error is never dropped in favour of warnings only: the first one always gets in.
    if (kept.size >= MAX_DIAGNOSTICS && !(severity === 'error' && errors === 1)) {
      dropped += 1;
      return;
    }
    const diagnostic = { severity, ...locate(at), code, message, ...(hint === undefined ? {} : { hint }) };
    kept.set(`${diagnostic.file}\n${diagnostic.line}\n${diagnostic.column}\n${severity}\n${message}`, diagnostic);
  };
  return {
    error: (at, code, message, hint) => add('error', at, code, message, hint),
    warn: (at, code, message, hint) => add('warning', at, code, message, hint),
    failed: () => errors > 0,
    diagnostics: () => {
      const sorted = [...kept.values()].sort(compareDiagnostics);
      const last = sorted.at(-1);
      if (dropped === 0 || last === undefined) return sorted;
      const severity = errors > 0 ? 'error' : 'warning';
      return [
        ...sorted,
        { severity, file: last.file, line: 0, column: 0, code: 'too-many', message: `and ${dropped} more` },
      ];
    },
  };
}

/** Where one key below is. */
export function below(where: Where, key: string): Where {
  const name = shown(key);
  return { path: where.path === '' ? name : `${where.path}.${name}`, report: where.report };
}

/** Where one item of a list is. */
export function itemOf(where: Where, index: number): Where {
  return { path: `${where.path}[${index}]`, report: where.report };
}

/** An error at the reader's path. */
export function wrong(where: Where, at: Place, code: string, what: string, hint?: string): undefined {
  where.report.error(at, code, where.path === '' ? what : `${where.path}: ${what}`, hint);
}

/** A warning at the reader's path. */
export function doubtful(where: Where, at: Place, code: string, what: string, hint?: string): void {
  where.report.warn(at, code, where.path === '' ? what : `${where.path}: ${what}`, hint);
}

/** Text from a file as a message quotes it: cut when it is long. */
export function shown(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS - 1)}…`;
}
