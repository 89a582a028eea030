// Environment files as SOPS reads and writes them: a line is NAME=value, taken literally; `\n` stands for a line break.
// The `sops` part is flattened into lines of its own.
import { Closed, RESTORE } from './fault.ts';
import { type Branch, type Comment, leaf, MAX_LEAVES, type Pair, textOf, type Value } from './tree.ts';

const PREFIX = 'sops_';
const MAX_INDEX = 10_000;

/** Throws `Closed`. `sops` is undefined when the file is not encrypted. */
export function parseDotenv(text: string): { readonly branch: Branch; readonly sops: Branch | undefined } {
  const items: (Pair | Comment)[] = [];
  const flat: [string, string][] = [];
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('#')) {
      items.push({ kind: 'comment', text: line.slice(1) });
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 0) throw new Closed('one of its lines is not NAME=value', RESTORE);
    const [key, value] = [line.slice(0, equals), line.slice(equals + 1).replaceAll('\\n', '\n')];
    if (seen.has(key)) throw new Closed(`it has the name "${key.slice(0, 80)}" twice`, 'remove one of them');
    seen.add(key);
    if (key.startsWith(PREFIX)) flat.push([key.slice(PREFIX.length), value]);
    else items.push({ kind: 'pair', key, value: leaf('str', value) });
    if (seen.size + items.length > 4 * MAX_LEAVES)
      throw new Closed(`it has more than ${MAX_LEAVES} values`, 'split it');
  }
  return { branch: { kind: 'map', items }, sops: flat.length === 0 ? undefined : unflatten(flat) };
}

interface Open {
  readonly list: boolean;
  readonly entries: Map<string, Open | string>;
}

/** `age__list_0__map_enc` → age: [{ enc }]. */
function unflatten(flat: readonly (readonly [string, string])[]): Branch {
  const root: Open = { list: false, entries: new Map() };
  for (const [name, text] of flat) {
    const steps = name.split(/(?=__map_|__list_)/).map((step) => ({
      list: step.startsWith('__list_'),
      key: step.replace(/^__(?:map|list)_/, ''),
    }));
    let open = root;
    for (const [index, { list, key }] of steps.entries()) {
      if (list !== open.list || (list && !(Number(key) <= MAX_INDEX))) throw mixed();
      const deeper = steps[index + 1];
      if (deeper === undefined) {
        if (open.entries.has(key)) throw mixed();
        open.entries.set(key, text);
        break;
      }
      const inner = open.entries.get(key) ?? { list: deeper.list, entries: new Map() };
      if (typeof inner === 'string') throw mixed();
      open.entries.set(key, inner);
      open = inner;
    }
  }
  return toBranch(root);
}

function mixed(): Closed {
  return new Closed('its lines that begin with "sops_" contradict each other', RESTORE);
}

function toBranch({ entries }: Open): Branch {
  const items = [...entries].map(([key, entry]): Pair => ({ kind: 'pair', key, value: toValue(entry) }));
  return { kind: 'map', items };
}

function toValue(entry: Open | string): Value {
  if (typeof entry === 'string') return leaf('str', entry);
  if (!entry.list) return toBranch(entry);
  const sorted = [...entry.entries].sort(([a], [b]) => Number(a) - Number(b));
  return { kind: 'list', items: sorted.map(([, value]) => toValue(value)) };
}

/** Throws `Closed` for what lines cannot hold. */
export function formatDotenv(branch: Branch, sops?: Branch): string {
  const lines = branch.items.map((item) => (item.kind === 'comment' ? `#${item.text}` : line(item.key, item.value)));
  const flat = sops === undefined ? [] : flatten(sops, PREFIX, '').sort();
  return [...lines, ...flat].map((each) => `${each}\n`).join('');
}

function line(key: string, value: Value): string {
  if (value.kind === 'leaf') {
    const text = value.type === 'bool' ? textOf(value).toLowerCase() : textOf(value);
    return `${key}=${text.replaceAll('\n', '\\n')}`;
  }
  throw new Closed(`${key} is not one value`, 'environment files hold plain values only; use YAML for more');
}

function flatten(branch: Branch, prefix: string, separator: string): string[] {
  return branch.items.flatMap((item) => {
    if (item.kind === 'comment') return [];
    const name = `${prefix}${separator}${item.key}`;
    if (item.value.kind === 'leaf') return [line(name, item.value)];
    if (item.value.kind === 'map') return flatten(item.value, name, '__map_');
    return item.value.items.flatMap((entry, index) =>
      entry.kind === 'map' ? flatten(entry, `${name}__list_${index}`, '__map_') : [],
    );
  });
}
