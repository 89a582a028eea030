// A program's configuration: a YAML file, then environment variables, then command-line flags, against one schema.
// Reads no file itself; reports every fault with its place.
import { type Document, isMap, isNode, isScalar, LineCounter, parse, parseDocument } from 'yaml';
import { z } from 'zod';
import { type Diagnostic, formatDiagnostic } from '../diagnostic.ts';
import { HoldfastError } from '../error.ts';

const CONFIG_BYTES = 64 * 1024;

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
}

/** Throws `ConfigInvalid` with every fault, its place and what to write instead. */
export function readConfig<S extends z.ZodObject>(schema: S, input: ConfigInput): z.output<S> {
  const { value, place } = readFile(input.file);
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
  const first = schema.safeParse(value);
  // Digits or a `true` in a variable where text is wanted: then it is text.
  const wanted = first.success ? [] : first.error.issues.filter(wantsText).map(({ path }) => path.map(String));
  for (const path of wanted) {
    const name = variables.get(path.join('.'));
    if (name !== undefined) setIn(value, path, input.env[name]);
  }
  const parsed = wanted.length === 0 ? first : schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.flatMap((issue) => {
      const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      return paths.map((path) => {
        const message =
          issue.code === 'unrecognized_keys' ? `unknown key; ${knownKeys(schema, issue.path)}` : issue.message;
        const variable = variableOf(variables, path.map(String));
        return variable === undefined
          ? place(path, `${path.map(String).join('.')}: ${message}`)
          : fault(variable, message);
      });
    }),
  );
}

function readFile(file: ConfigInput['file']) {
  if (file === null) {
    return {
      value: Object.create(null) as Record<string, unknown>,
      place: (_: readonly PropertyKey[], message: string) => fault('configuration', message),
    };
  }
  const { name, text } = file;
  if (text.length > CONFIG_BYTES) throw invalid([fault(name, `larger than ${CONFIG_BYTES / 1024} KiB`)]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number): Pick<Diagnostic, 'line' | 'column' | 'source'> => {
    const { line, col } = lines.linePos(offset);
    const source = text.split('\n')[line - 1] ?? '';
    return {
      line,
      column: col,
      source: { text: source, length: (/^[^\s:#,}\]]+/.exec(source.slice(col - 1))?.[0] ?? ' ').length },
    };
  };
  if (document.errors.length > 0) {
    throw invalid(
      document.errors.map((error) => ({
        ...fault(name, (error.message.split(' at line ')[0] ?? error.message).trim()),
        ...at(error.pos[0]),
      })),
    );
  }
  const root: unknown = document.toJS({ maxAliasCount: 10 }) ?? {};
  if (typeof root !== 'object' || root === null || Array.isArray(root))
    throw invalid([fault(name, 'has to be a mapping of keys to values')]);
  const place = (path: readonly PropertyKey[], message: string): Diagnostic => {
    for (let length = path.length; length > 0; length--) {
      const offset = offsetOf(document, path.slice(0, length), message.includes('unknown key'));
      if (offset !== null) return { ...fault(name, message), ...at(offset) };
    }
    return fault(name, message);
  };
  return { value: root as Record<string, unknown>, place };
}

/** Where the value at this path begins, or its key; null: the file has no such path. */
function offsetOf(document: Document, path: readonly PropertyKey[], ofKey: boolean): number | null {
  const parent: unknown = document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) : undefined;
  const found: unknown = ofKey ? pair?.key : document.getIn(path, true);
  return isNode(found) ? (found.range?.[0] ?? null) : null;
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

/** The variable that set this path, or a list or map above it. */
function variableOf(variables: ReadonlyMap<string, string>, path: readonly string[]): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const found = variables.get(path.slice(0, length).join('.'));
    if (found !== undefined) return found;
  }
  return undefined;
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

function knownKeys(schema: z.ZodObject, path: readonly PropertyKey[]): string {
  let at: unknown = schema;
  for (const key of path) at = at instanceof z.ZodObject ? unwrap(at.shape[String(key)]) : undefined;
  return at instanceof z.ZodObject ? `known here: ${Object.keys(at.shape).join(', ')}` : 'nothing is known here';
}

function unwrap(type: unknown): unknown {
  let inner = type;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap();
  return inner;
}

function fault(file: string, message: string): Diagnostic {
  return { severity: 'error', file, line: 0, column: 0, code: 'config', message };
}

function invalid(faults: readonly Diagnostic[]): HoldfastError {
  return new HoldfastError('ConfigInvalid', faults.map(formatDiagnostic).join('\n'));
}
