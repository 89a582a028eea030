// The tables of device.yaml and fleet.yaml: which keys there are and how each is read. No interpolation: these files say
// what the variables are.
import { type Pairs, readPairs } from '../compose/pairs.ts';
import type { Place } from '../compose/place.ts';
import {
  type Keys,
  type Located,
  listReader,
  locatedReader,
  oneOrMoreReader,
  type Reader,
  readBoolean,
  readDuration,
  readKeys,
  readName,
  wordReader,
} from '../compose/read.ts';
import { doubtful, shown, wrong } from '../compose/report.ts';
import { isId } from '../names.ts';

/** Most apps of one device; as many as a status can report. */
export const MAX_APPS = 256;
/** Most labels of one device. */
const MAX_LABELS = 64;
/** As long as labels may be on the wire. */
const MAX_LABEL = 256;

export interface FleetFields {
  interval: number;
  drift: 'correct' | 'warn';
  labels: Pairs;
}

export interface DeviceFields extends FleetFields {
  suspend: boolean;
  apps: readonly AppFields[];
}

export interface AppFields {
  readonly name: string;
  readonly at: Place;
  readonly compose: readonly Located<string>[];
  readonly env: Pairs;
  readonly env_files: readonly Located<string>[];
  readonly depends_on: readonly Located<string>[];
  readonly strategy: 'stop-first' | 'start-first';
  /** Milliseconds. */
  readonly health_timeout: number;
  readonly rollback: boolean;
  readonly ignore: readonly string[];
}

/** Whole milliseconds within bounds. */
function timeReader(minMs: number, maxMs: number, range: string): Reader<number> {
  return (node, where) => {
    const ns = readDuration(node, where);
    if (ns === undefined) return undefined;
    const ms = Math.round(ns / 1e6);
    return ms >= minMs && ms <= maxMs ? ms : wrong(where, node.at, 'value', `has to be from ${range}`);
  };
}

const DAY_MS = 24 * 3600 * 1000;
const readTime = timeReader(1000, DAY_MS, '1s to 24h');

const readLabels: Reader<Pairs> = (node, where) => {
  const pairs = readPairs(node, where);
  if (pairs === undefined) return undefined;
  if (pairs.size > MAX_LABELS) return wrong(where, node.at, 'too-large', `more than ${MAX_LABELS} labels`);
  for (const [name, { value, at }] of pairs) {
    if (name.length > MAX_LABEL || (value ?? '').length > MAX_LABEL) {
      wrong(where, at, 'too-large', `${shown(name)} is longer than ${MAX_LABEL} characters`);
    }
  }
  return pairs;
};

export const FLEET_KEYS: Keys<FleetFields> = {
  interval: readTime,
  drift: wordReader(['correct', 'warn']),
  labels: readLabels,
};

type AppKeys = Omit<AppFields, 'name' | 'at'> & { name: Located<string> };

const readAnyStrategy = wordReader(['stop-first', 'start-first']);

/** Accepted, since it is part of what Git says, but never in silence: the agent does not do it yet. */
const readStrategy: Reader<'stop-first' | 'start-first'> = (node, where) => {
  const strategy = readAnyStrategy(node, where);
  if (strategy === 'start-first') {
    doubtful(where, node.at, 'not-yet', 'start-first is not carried out yet', 'the old container stops first');
  }
  return strategy;
};

const readRollback: Reader<boolean> = (node, where) => {
  const rollback = readBoolean(node, where);
  if (rollback === true) {
    doubtful(
      where,
      node.at,
      'not-yet',
      'no agent rolls back by itself yet',
      'a revision that is not healthy is reported',
    );
  }
  return rollback;
};

const APP_KEYS: Keys<AppKeys> = {
  name: locatedReader(readName),
  compose: oneOrMoreReader(locatedReader(readName)),
  env: readPairs,
  env_files: oneOrMoreReader(locatedReader(readName)),
  depends_on: listReader(locatedReader(readName)),
  strategy: readStrategy,
  health_timeout: readTime,
  rollback: readRollback,
  ignore: listReader(readName),
};

const readApp: Reader<AppFields> = (node, where) => {
  const fields = readKeys(node, where, APP_KEYS, { secrets: '' }, 'not supported yet');
  if (fields === undefined || node.kind !== 'map') return undefined;
  for (const key of ['name', 'compose'] as const) {
    const hint = key === 'name' ? 'add name: the name of the app' : 'add compose: the path of its Compose file';
    if (!node.entries.has(key)) wrong(where, node.at, 'missing-key', `${key} is missing`, hint);
  }
  const { name, compose } = fields;
  if (compose?.length === 0) wrong(where, node.at, 'value', 'compose names no file');
  if (name !== undefined && !isId(name.value)) {
    return wrong(where, name.at, 'name', `"${shown(name.value)}" cannot be the name of an app`, ID_RULE);
  }
  if (name === undefined || compose === undefined || compose.length === 0) return undefined;
  return {
    compose,
    env: fields.env ?? new Map(),
    env_files: fields.env_files ?? [],
    depends_on: fields.depends_on ?? [],
    ...appDefaults(fields),
    name: name.value,
    at: name.at,
  };
};

/** What an app is when device.yaml says nothing about it. */
export function appDefaults(
  fields: Partial<AppKeys>,
): Pick<AppFields, 'strategy' | 'health_timeout' | 'rollback' | 'ignore'> {
  return {
    strategy: fields.strategy ?? 'stop-first',
    health_timeout: fields.health_timeout ?? 60_000,
    rollback: fields.rollback ?? true,
    ignore: fields.ignore ?? [],
  };
}

export const ID_RULE = 'use lower-case letters, digits and dashes, 63 at most, not starting with a dash';

const readApps: Reader<readonly AppFields[]> = (node, where) => {
  // Apps that cannot be read are still apps: nothing else is looked for in their place.
  const apps = listReader(readApp)(node, where) ?? [];
  if (apps.length > MAX_APPS) return wrong(where, node.at, 'too-large', `more than ${MAX_APPS} apps on one device`);
  const names = new Set<string>();
  for (const { name, at } of apps) {
    if (names.has(name)) wrong(where, at, 'duplicate-app', `two apps are named "${name}"`);
    names.add(name);
  }
  return apps;
};

export const DEVICE_KEYS: Keys<DeviceFields> = {
  ...FLEET_KEYS,
  suspend: readBoolean,
  apps: readApps,
};
