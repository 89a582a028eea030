// What networks and volumes of the top level have in common: a name on the Engine, a driver, labels, or being there already.

import { isNull, type Node } from '../node.ts';
import { type Pairs, readPairs } from '../pairs.ts';
import type { Place } from '../place.ts';
import { type Keys, type Located, locatedReader, readKeys } from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { readBoolean, readOptionalText } from '../scalars.ts';

export interface Named {
  readonly key: string;
  readonly at: Place;
  readonly name?: string;
  readonly external: boolean;
  readonly driver?: Located<string>;
  readonly driver_opts: Pairs;
  readonly labels: Pairs;
}

export interface NamedFields {
  name: string;
  external: boolean | { readonly name: string };
  driver: Located<string>;
  driver_opts: Pairs;
  labels: Pairs;
}

/** Names of networks and volumes on the Engine. */
const ENGINE_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/;

const NO_PAIRS: Pairs = new Map();
export const NAMED = { external: false, driver_opts: NO_PAIRS, labels: NO_PAIRS };

export const NAMED_KEYS: Keys<NamedFields> = {
  name: readEngineName,
  external: readExternal,
  driver: locatedReader(readOptionalText),
  driver_opts: readPairs,
  labels: readPairs,
};

function readEngineName(node: Node, where: Where): string | undefined {
  const text = readOptionalText(node, where);
  if (text === undefined || ENGINE_NAME.test(text)) return text;
  return wrong(where, node.at, 'value', `"${shown(text)}" is not a name that the Engine takes`);
}

/** `true`, or the older form `{name: …}`. */
export function readExternal(node: Node, where: Where): NamedFields['external'] | undefined {
  if (node.kind !== 'map') return readBoolean(node, where);
  const name = readKeys<{ name: string }>(node, where, { name: readEngineName })?.name;
  doubtful(where, node.at, 'old-form', 'external as a map is obsolete', 'write external: true and name: beside it');
  return name === undefined ? true : { name };
}

export function withExternal({
  external,
  ...fields
}: Partial<NamedFields>): Partial<Omit<NamedFields, 'external'>> & { external: boolean } {
  if (typeof external !== 'object') return { ...fields, external: external ?? false };
  return { name: external.name, ...fields, external: true };
}

/** What exists already cannot be described as well. Compose refuses that of volumes, and overlooks it of networks. */
export function checkedExternal<T extends Named>(node: Node, where: Where, fields: T, say: typeof doubtful = wrong): T {
  if (!fields.external || node.kind !== 'map') return fields;
  for (const { key, keyAt } of node.entries.values()) {
    if (key === 'external' || key === 'name' || key.startsWith('x-')) continue;
    say(where, keyAt, 'value', `${key} contradicts external`, 'what is external is used as it is: remove one of them');
  }
  return fields;
}

export function orEmpty(node: Node): Node {
  return isNull(node) ? { kind: 'map', entries: new Map(), at: node.at } : node;
}
