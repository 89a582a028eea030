// One app as device.yaml or a group of fleet.yaml names it: its name alone, or a map. What one entry leaves out, others of
// the same name may say (`layers.ts`).
import { describe, isNull, type MapNode, withoutKey } from '../compose/node.ts';
import { type Pairs, readPairs } from '../compose/pairs.ts';
import type { Place } from '../compose/place.ts';
import {
  type Keys,
  type Located,
  listReader,
  locatedReader,
  missingKey,
  oneOrMoreReader,
  type Reader,
  readKeys,
} from '../compose/read.ts';
import { shown, type Where, wrong } from '../compose/report.ts';
import { readBoolean, readName, wordReader } from '../compose/scalars.ts';
import type { Window } from '../model/window.ts';
import { isId } from '../names.ts';
import { type DriftSettings, readDrift, readPatterns } from './drift-keys.ts';
import { readWindows } from './windows.ts';
import { readTime } from './words.ts';

/** Most apps of one device; as many as a status can report. */
export const MAX_APPS = 256;

export const ID_RULE = 'use lower-case letters, digits and dashes, 63 at most, not starting with a dash';

/** The keys of an app's map. Paths count from the folder of the file that names them. */
export interface AppKeys {
  name: Located<string>;
  enabled: Located<boolean>;
  compose: readonly Located<string>[];
  env: Pairs;
  env_files: readonly Located<string>[];
  secrets: readonly Located<string>[];
  profiles: readonly Located<string>[];
  depends_on: readonly Located<string>[];
  drift: DriftSettings;
  strategy: Located<'stop-first' | 'start-first'>;
  /** Milliseconds. */
  health_timeout: Located<number>;
  rollback: Located<boolean>;
  suspend: Located<boolean>;
  windows: Located<readonly Window[]>;
  ignore: readonly Located<string>[];
}

export type AppEntry = Readonly<Partial<Omit<AppKeys, 'name'>>> & { readonly name: string; readonly at: Place };

const readNames = listReader(locatedReader(readName));

export const APP_KEYS: Keys<AppKeys> = {
  name: locatedReader(readName),
  enabled: locatedReader(readBoolean),
  compose: oneOrMoreReader(locatedReader(readName)),
  env: readPairs,
  env_files: oneOrMoreReader(locatedReader(readName)),
  secrets: oneOrMoreReader(locatedReader(readName)),
  profiles: oneOrMoreReader(locatedReader(readName)),
  depends_on: readNames,
  drift: readDrift,
  strategy: locatedReader(wordReader(['stop-first', 'start-first'])),
  health_timeout: locatedReader(readTime),
  rollback: locatedReader(readBoolean),
  suspend: locatedReader(readBoolean),
  windows: locatedReader(readWindows),
  ignore: readPatterns,
};

const readApp: Reader<AppEntry> = (node, where) => {
  if (node.kind === 'scalar' && typeof node.value === 'string') return named({ value: node.value, at: node.at }, where);
  if (node.kind !== 'map') {
    const hint = 'write the name of a shared app, or {name: …, compose: …}';
    return wrong(where, node.at, 'type', `has to be the name of an app or a map, not ${describe(node)}`, hint);
  }
  const { name, ...fields } = readKeys(node, where, APP_KEYS) ?? {};
  if (isMissing(node, 'name')) missingKey(withoutKey(node, 'name'), where, 'name', 'add name: the name of the app');
  if (fields.compose?.length === 0) wrong(where, node.at, 'value', 'compose names no file');
  const entry = name && named(name, where);
  return entry && { ...fields, ...entry };
};

/** Absent, or there without a value. */
export function isMissing(node: MapNode, key: string): boolean {
  const entry = node.entries.get(key);
  return entry === undefined || isNull(entry.value);
}

function named({ value, at }: Located<string>, where: Where): AppEntry | undefined {
  if (isId(value)) return { name: value, at };
  return wrong(where, at, 'name', `"${shown(value)}" cannot be the name of an app`, ID_RULE);
}

export const readApps: Reader<readonly AppEntry[]> = (node, where) => {
  // Apps that cannot be read are still apps: nothing else is looked for in their place.
  const apps = listReader(readApp)(node, where) ?? [];
  if (apps.length > MAX_APPS) return wrong(where, node.at, 'too-large', `more than ${MAX_APPS} apps on one device`);
  const names = new Set<string>();
  for (const { name, at } of apps) {
    if (names.has(name)) wrong(where, at, 'duplicate-app', `two apps are named "${name}"`, 'name each app once');
    names.add(name);
  }
  return apps;
};
