// A program's configuration: a YAML file, then environment variables, then command-line flags, against one schema.
// Reads no file itself; reports every fault with its place.
import { parse } from 'yaml';
import type { z } from 'zod';
import { compareDiagnostics, type Diagnostic, formatDiagnostic } from '../diagnostic.ts';
import { HoldfastError } from '../error.ts';
import { faultsOf, withOurWords } from './faults.ts';
import { CONFIG_BYTES, noFile, readConfigFile } from './file.ts';

export interface ConfigInput {
  /** The file's name and text; null: no file. */
  readonly file: { readonly name: string; readonly text: string } | null;
  /** `<prefix>KEY`, nested keys with `__`: `HOLDFAST_SOURCE__URL`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly prefix: string;
  /** Variables of other programs that begin like ours. */
  readonly except?: string;
  /** From the command line; they win over variables, which win over the file. */
  readonly flags?: readonly { readonly path: readonly string[]; readonly value: string | number }[];
  /** What holds when nothing else says otherwise, beyond the schema's own defaults. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Below these key paths lines of the file are not shown: they may hold secrets. */
  readonly unquoted?: readonly string[];
}

/** Throws `ConfigInvalid` with every fault, its place and what to write instead. */
export function readConfig<S extends z.ZodObject>(schema: S, input: ConfigInput): z.output<S> {
  const file = input.file === null ? noFile() : readConfigFile(input.file);
  if (!('value' in file)) throw invalid(file);
  const { value } = file;
  for (const [key, given] of Object.entries(input.defaults ?? {}))
    if (!Object.hasOwn(value, key)) setIn(value, [key], given);
  const variables = new Map<string, string>();
  for (const [name, text] of Object.entries(input.env)) {
    if (!name.startsWith(input.prefix) || text === undefined) continue;
    if (input.except !== undefined && name.startsWith(input.except)) continue;
    const keys = name.slice(input.prefix.length).toLowerCase().split('__');
    variables.set(keys.join('.'), name);
    setIn(value, keys, scalar(text));
  }
  for (const flag of input.flags ?? []) setIn(value, flag.path, flag.value);
  const first = schema.safeParse(value, withOurWords);
  // Digits or a `true` in a variable where text is wanted: then it is text.
  const wanted = first.success ? [] : first.error.issues.filter(wantsText).map(({ path }) => path.map(String));
  for (const path of wanted) {
    const name = variables.get(path.join('.'));
    if (name !== undefined) setIn(value, path, input.env[name]);
  }
  const parsed = wanted.length === 0 ? first : schema.safeParse(value, withOurWords);
  if (parsed.success) return parsed.data;
  throw invalid(
    faultsOf(parsed.error.issues, schema, value).map(({ path, of, message, hint }): Diagnostic => {
      const name = path.map(String).join('.');
      const said = { severity: 'error', code: 'config', ...(hint === undefined ? {} : { hint }) } as const;
      const { source, ...where } = file.place(path, of);
      const quoted =
        source !== undefined && !(input.unquoted ?? []).some((above) => `${name}.`.startsWith(`${above}.`));
      const place = quoted ? { ...where, source } : where;
      const variable = variableOf(variables, path.map(String), place.line === 0);
      if (variable !== undefined) return { ...said, file: variable, line: 0, column: 0, message };
      return { ...said, ...place, message: `${name}${message === 'is missing' ? ' ' : ': '}${message}` };
    }),
  );
}

function setIn(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  const inner: unknown = Object.hasOwn(root, head) ? root[head] : undefined;
  const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  // Defined, not assigned: a key named __proto__ stays a key.
  Object.defineProperty(root, head, {
    value: rest.length === 0 ? value : next,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  if (rest.length > 0) setIn(next, rest, value);
}

/** The variable that set this path, or a list or map above it; where the file has nothing there, also something below it. */
function variableOf(variables: ReadonlyMap<string, string>, path: readonly string[], orBelow: boolean) {
  for (let length = path.length; length > 0; length--) {
    const found = variables.get(path.slice(0, length).join('.'));
    if (found !== undefined) return found;
  }
  return orBelow ? [...variables].find(([name]) => name.startsWith(`${path.join('.')}.`))?.[1] : undefined;
}

function wantsText(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.expected === 'string';
}

/** Variables are text; whole numbers, booleans and flow lists and maps (`[/srv, /data]`) are read as such. */
function scalar(text: string): unknown {
  if (/^[[{]/.test(text) && text.length <= CONFIG_BYTES) {
    try {
      return parse(text, { maxAliasCount: 10, logLevel: 'error' });
    } catch {
      // Not YAML: stays text, which the schema then refuses under the variable's name.
      return text;
    }
  }
  if (/^\d{1,9}$/.test(text)) return Number(text);
  return text === 'true' || text === 'false' ? text === 'true' : text;
}

function invalid(faults: readonly Diagnostic[]): HoldfastError {
  const text = [...faults].sort(compareDiagnostics).map(formatDiagnostic);
  return new HoldfastError('ConfigInvalid', text.join('\n'));
}
