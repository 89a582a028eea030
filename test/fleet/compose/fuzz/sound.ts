// What has to hold of every resolution, whatever the files: an answer, placed diagnostics, plain data, and the same
// answer once more. Runs inside the worker; says what is wrong as text, or nothing.
import { type Diagnostic, formatDiagnostic } from '../../../../fleet/diagnostic.ts';
import type { SecretFile } from '../../../../fleet/model/secret-file.ts';
import { type Resolution, resolveDevice } from '../../../../fleet/repo/resolve.ts';
import { FOLDER, REVISION } from '../../repo/resolving.ts';
import { type Files, treeOf } from '../../repo/tree.ts';

/** Rounds of loading what is needed: each has to name something new. */
const MAX_ROUNDS = 20;
/** Of one message with its hint; what a file says is quoted in part only. */
const MAX_SAID = 4000;
/** Of one device's state as JSON. */
const MAX_STATE = 64 * 1024 * 1024;

/** Files without a folder are the device's own. */
export function unsound(files: Files): string {
  const placed = Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path.includes('/') || path === 'fleet.yaml' ? path : `${FOLDER}/${path}`,
      text,
    ]),
  );
  const first = resolve(placed);
  if (typeof first === 'string') return first;
  const again = resolve(placed);
  if (JSON.stringify(first) !== JSON.stringify(again)) return 'the same files resolve differently the second time';
  return (
    outcome(first) ||
    diagnosticsOf(first)
      .map((one) => misplaced(one, placed))
      .find((said) => said !== '') ||
    polluted()
  );
}

/** What every SOPS file holds here. */
const OPENED = {
  kind: 'open',
  values: new Map([['token', { text: 's3cret', encrypted: true }]]),
  whole: 'dG9rZW46IHMzY3JldAo=',
} as const;

/** As an agent does: the device's folder first, then whatever is needed. Text: it never ends. */
function resolve(files: Files): Resolution | string {
  const roots = new Set([FOLDER, 'fleet.yaml']);
  const secrets = new Map<string, SecretFile>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const tree = treeOf(files, [...roots]);
    const resolution = resolveDevice({ device: 'edge-01', path: FOLDER, revision: REVISION, tree, secrets, salt: '' });
    if (resolution.kind !== 'needs') return resolution;
    const fresh = resolution.roots.filter((root) => !roots.has(root));
    const closed = resolution.secrets.filter((path) => !secrets.has(path));
    for (const root of fresh) roots.add(root);
    for (const path of closed) secrets.set(path, OPENED);
    if (fresh.length + closed.length === 0)
      return `needs what it was given: ${resolution.roots.join(' ') || 'nothing'}`;
  }
  return `still needs more after ${MAX_ROUNDS} rounds`;
}

function diagnosticsOf(resolution: Resolution): readonly Diagnostic[] {
  if (resolution.kind === 'needs') return [];
  return resolution.kind === 'resolved' ? resolution.warnings : resolution.diagnostics;
}

function outcome(resolution: Resolution): string {
  const errors = diagnosticsOf(resolution).filter(({ severity }) => severity === 'error').length;
  if (resolution.kind === 'invalid') return errors > 0 ? '' : 'invalid without an error';
  if (errors > 0) return 'resolved with an error';
  if (resolution.kind !== 'resolved') return '';
  const text = JSON.stringify(resolution.desired);
  if (text.length > MAX_STATE) return `${text.length} characters of desired state`;
  return /[^\\]":(?:NaN|Infinity)/.test(text) ? 'a number that is none' : notPlain(resolution.desired, 'desired');
}

/** Desired state is stored as JSON: nothing in it may be lost there. */
function notPlain(value: unknown, path: string): string {
  if (typeof value === 'number') return Number.isFinite(value) ? '' : `${path} is ${value}`;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return '';
  if (typeof value !== 'object') return `${path} is ${typeof value}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return `${path} is no plain object`;
  for (const [key, inner] of Object.entries(value)) {
    const said = notPlain(inner, `${path}.${key}`);
    if (said !== '') return said;
  }
  return '';
}

function misplaced(diagnostic: Diagnostic, files: Files): string {
  const { file, line, column, message, hint = '', source } = diagnostic;
  const said = `${file}:${line}:${column}: ${message.slice(0, 200)}`;
  if (message === '' || message.length + hint.length > MAX_SAID) return `says nothing, or too much: ${said}`;
  if (/[^\P{Cc}\n]/u.test(formatDiagnostic(diagnostic))) return `prints control characters: ${said}`;
  if (line === 0) return column === 0 && source === undefined ? '' : `has no line, but a column: ${said}`;
  const content = files[file];
  if (content === undefined) return `names a line of a file that is not there: ${said}`;
  const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
  // A carriage return alone ends a line of YAML, and no line of an environment file.
  const readings = [/\r\n?|\n/, '\n'].map((end) => text.replace(/^\ufeff/, '').split(end)[line - 1]);
  if (readings.every((found) => found === undefined)) return `names a line that is not there: ${said}`;
  const width = Math.max(...readings.map((found) => [...(found ?? '')].length));
  return column >= 1 && column <= width + 1 ? '' : `names a column that is not there: ${said}`;
}

function polluted(): string {
  const own = Object.getOwnPropertyNames(Object.prototype).filter((name) => !KNOWN.has(name));
  return own.length === 0 ? '' : `Object.prototype has got ${own.join(' ')}`;
}

const KNOWN = new Set(Object.getOwnPropertyNames(Object.prototype));
