// What a SOPS file holds, whatever its format: maps and lists in the file's order (which the MAC depends on), values, and
// comments between them. Plain data; nothing here knows a format or a key.

/** `bytes`, not text: a value may be any file. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly type: LeafType;
  readonly bytes: Uint8Array;
}

/** As SOPS names them after `type:`; `null` is never encrypted. */
export type LeafType = 'str' | 'int' | 'float' | 'bool' | 'bytes' | 'time' | 'null';

export interface Comment {
  readonly kind: 'comment';
  /** Without the `#`. */
  readonly text: string;
}

export interface Pair {
  readonly kind: 'pair';
  readonly key: string;
  readonly value: Value;
}

export type Branch = { readonly kind: 'map'; readonly items: readonly (Pair | Comment)[] };
export type List = { readonly kind: 'list'; readonly items: readonly (Value | Comment)[] };
export type Value = Branch | List | Leaf;

/** Most values and comments of one file. */
export const MAX_LEAVES = 5000;
/** Deepest nesting. */
export const MAX_DEPTH = 32;

export function leaf(type: LeafType, text: string): Leaf {
  return { kind: 'leaf', type, bytes: new TextEncoder().encode(text) };
}

export function textOf({ bytes }: Leaf): string {
  return new TextDecoder().decode(bytes);
}

export interface Visit {
  /** `path`: the keys above; items of a list have the list's own. */
  readonly leaf: (leaf: Leaf, path: readonly string[]) => Leaf;
  readonly comment: (comment: Comment, path: readonly string[]) => Comment;
}

/** The same tree with every value and comment replaced, in the file's order. */
export function mapTree(branch: Branch, visit: Visit, path: readonly string[] = []): Branch {
  return {
    kind: 'map',
    items: branch.items.map((item) =>
      item.kind === 'comment'
        ? visit.comment(item, path)
        : { ...item, value: mapValue(item.value, visit, [...path, item.key]) },
    ),
  };
}

function mapValue(value: Value, visit: Visit, path: readonly string[]): Value {
  if (value.kind === 'leaf') return visit.leaf(value, path);
  if (value.kind === 'map') return mapTree(value, visit, path);
  const items = value.items.map((item) =>
    item.kind === 'comment' ? visit.comment(item, path) : mapValue(item, visit, path),
  );
  return { kind: 'list', items };
}

/** Every value with its name: `outer.inner`, `list.0`. */
export function namedLeaves(branch: Branch): { readonly name: string; readonly leaf: Leaf }[] {
  const found: { name: string; leaf: Leaf }[] = [];
  const enter = (value: Value, name: string): void => {
    if (value.kind === 'leaf') found.push({ name, leaf: value });
    else if (value.kind === 'map') {
      for (const item of value.items)
        if (item.kind === 'pair') enter(item.value, name === '' ? item.key : `${name}.${item.key}`);
    } else {
      const items = value.items.filter((item) => item.kind !== 'comment');
      for (const [index, item] of items.entries()) enter(item, `${name}.${index}`);
    }
  };
  enter(branch, '');
  return found;
}
