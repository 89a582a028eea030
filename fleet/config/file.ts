// A configuration file's text to plain values, and where each of them stands. Read as all other YAML here is, so what is
// said of a tab or an open quote is the same everywhere. A key without a value is as good as absent.
import { describe, isNull, type Node } from '../compose/node.ts';
import { locate, type Place, wholeFile } from '../compose/place.ts';
import { createReport, type Report, wrong } from '../compose/report.ts';
import { parseYaml } from '../compose/yaml/parse.ts';
import type { Diagnostic } from '../diagnostic.ts';

export const CONFIG_BYTES = 64 * 1024;

export interface ConfigFile {
  readonly value: Record<string, unknown>;
  /** The place of the path, or of the nearest thing above it; of its key where that is wrong. */
  place(path: readonly PropertyKey[], of: 'key' | 'value'): Pick<Diagnostic, 'file' | 'line' | 'column' | 'source'>;
}

export function noFile(): ConfigFile {
  return { value: {}, place: () => locate(wholeFile('configuration')) };
}

/** A list of what is wrong: it cannot be read. */
export function readConfigFile({ name, text }: { name: string; text: string }): ConfigFile | readonly Diagnostic[] {
  const report = createReport();
  const root = rootOf(name, text, report);
  if (report.failed()) return report.diagnostics();
  return {
    value: root === undefined ? {} : (plain(root) as Record<string, unknown>),
    place: (path, of) => locate((root && placeOf(root, path, of)) ?? wholeFile(name)),
  };
}

function rootOf(name: string, text: string, report: Report): Node | undefined {
  if (text.length > CONFIG_BYTES) {
    report.error(wholeFile(name), 'too-large', `larger than ${CONFIG_BYTES / 1024} KiB`);
    return undefined;
  }
  const parsed = parseYaml(name, new TextEncoder().encode(text), report);
  if (parsed.kind !== 'tree' || parsed.root.kind === 'map') return parsed.kind === 'tree' ? parsed.root : undefined;
  const what = `has to be a map of keys to values, not ${describe(parsed.root)}`;
  return wrong({ path: '', report }, parsed.root.at, 'type', what);
}

function plain(node: Node): unknown {
  if (node.kind === 'list') return node.items.map(plain);
  if (node.kind === 'scalar') return typeof node.value === 'bigint' ? Number(node.value) : node.value;
  const result: Record<string, unknown> = {};
  for (const { key, value } of node.entries.values()) {
    // Defined, not assigned: a key named __proto__ stays a key.
    const property = { value: plain(value), enumerable: true, configurable: true, writable: true };
    if (!isNull(value)) Object.defineProperty(result, key, property);
  }
  return result;
}

function find(root: Node, path: readonly PropertyKey[]): Node | undefined {
  let node: Node | undefined = root;
  for (const key of path) {
    if (node?.kind === 'map') node = node.entries.get(String(key))?.value;
    else node = node?.kind === 'list' ? node.items[Number(key)] : undefined;
  }
  return node;
}

function placeOf(root: Node, path: readonly PropertyKey[], of: 'key' | 'value'): Place | undefined {
  for (let length = path.length; length > 0; length--) {
    const parent = find(root, path.slice(0, length - 1));
    const entry = parent?.kind === 'map' ? parent.entries.get(String(path[length - 1])) : undefined;
    const isKey = of === 'key' || length < path.length;
    const at = isKey && entry !== undefined ? entry.keyAt : find(root, path.slice(0, length))?.at;
    if (at !== undefined) return at;
  }
  return undefined;
}
