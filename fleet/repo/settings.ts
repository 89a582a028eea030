// The tables of device.yaml and fleet.yaml: which keys there are and how each is read. No interpolation: these files say
// what the variables are.
import { withoutKey } from '../compose/node.ts';
import { type Pairs, readPairs } from '../compose/pairs.ts';
import {
  type Keys,
  type Located,
  listReader,
  locatedReader,
  mapReader,
  missingKey,
  type Reader,
  readKeys,
} from '../compose/read.ts';
import { shown, wrong } from '../compose/report.ts';
import { readBoolean, readName } from '../compose/scalars.ts';
import type { Window } from '../model/window.ts';
import { isId } from '../names.ts';
import { type AppEntry, ID_RULE, isMissing, readApps } from './app-keys.ts';
import { type DriftSettings, readDrift } from './drift-keys.ts';
import { readSelector, type Selector } from './selector.ts';
import { readWindows } from './windows.ts';
import { readTime } from './words.ts';

/** Most groups of one fleet. */
const MAX_GROUPS = 256;
/** Most labels of one device. */
const MAX_LABELS = 64;
/** As long as labels may be on the wire. */
const MAX_LABEL = 256;

/** What each of fleet.yaml, a group and device.yaml may say; the later wins. */
export interface CommonFields {
  /** Milliseconds. */
  interval: Located<number>;
  drift: DriftSettings;
  /** When changes are applied. */
  windows: Located<readonly Window[]>;
  /** Interpolation variables of all apps. */
  env: Pairs;
}

export interface FleetFields extends CommonFields {
  labels: Pairs;
  /** Who opens every SOPS file of the fleet beside the devices: people, by name. */
  secrets: { recipients: ReadonlyMap<string, string> };
  groups: readonly Group[];
}

export interface DeviceFields extends CommonFields {
  labels: Pairs;
  /** The public key of the device's age identity: files of this device are encrypted for it. */
  secrets: { recipient: string };
  suspend: Located<boolean>;
  apps: readonly AppEntry[];
}

/** No labels: a group cannot change what it is selected by. */
export interface GroupFields extends CommonFields {
  name: Located<string>;
  selector: Selector;
  suspend: Located<boolean>;
  apps: readonly AppEntry[];
}

export type Group = Partial<Omit<GroupFields, 'name' | 'selector'>> & Pick<GroupFields, 'name' | 'selector'>;

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

/** An X25519 public key, as age-keygen prints it. */
const readRecipient: Reader<string> = (node, where) => {
  const text = readName(node, where);
  if (text === undefined || /^age1[02-9ac-hj-np-z]{58}$/.test(text)) return text;
  const secret = /^AGE-SECRET-KEY-/i.test(text);
  const what = secret
    ? 'this is a private key, which must not be in Git'
    : 'has to be the public key of an age identity';
  return wrong(where, node.at, 'value', what, 'write age1…, which age-keygen -y prints');
};

const readRecipients: Reader<FleetFields['secrets']> = (node, where) => {
  const fields = readKeys<FleetFields['secrets']>(node, where, { recipients: mapReader(readRecipient) });
  return fields && { recipients: fields.recipients ?? new Map() };
};

const readOwnRecipient: Reader<DeviceFields['secrets']> = (node, where) => {
  const fields = readKeys<DeviceFields['secrets']>(node, where, { recipient: readRecipient });
  return fields?.recipient === undefined ? undefined : { recipient: fields.recipient };
};

const COMMON_KEYS: Keys<CommonFields> = {
  interval: locatedReader(readTime),
  drift: readDrift,
  windows: locatedReader(readWindows),
  env: readPairs,
};

export const GROUP_KEYS: Keys<GroupFields> = {
  name: locatedReader(readName),
  selector: readSelector,
  ...COMMON_KEYS,
  suspend: locatedReader(readBoolean),
  apps: readApps,
};

const readGroup: Reader<Group> = (node, where) => {
  const { name, selector, ...fields } = readKeys(node, where, GROUP_KEYS) ?? {};
  if (node.kind !== 'map') return undefined;
  if (isMissing(node, 'name')) missingKey(withoutKey(node, 'name'), where, 'name', 'add name: a word for it');
  if (isMissing(node, 'selector')) {
    const hint = 'add selector: {LABEL: VALUE}; {} is every device';
    missingKey(withoutKey(node, 'selector'), where, 'selector', hint);
  }
  if (name !== undefined && !isId(name.value))
    return wrong(where, name.at, 'name', `"${shown(name.value)}" cannot be the name of a group`, ID_RULE);
  return name && selector && { ...fields, name, selector };
};

const readGroups: Reader<readonly Group[]> = (node, where) => {
  const groups = listReader(readGroup)(node, where);
  if (groups === undefined) return undefined;
  if (groups.length > MAX_GROUPS) return wrong(where, node.at, 'too-large', `more than ${MAX_GROUPS} groups`);
  const names = new Set<string>();
  for (const { name } of groups) {
    if (names.has(name.value))
      wrong(where, name.at, 'duplicate-group', `two groups are named "${name.value}"`, 'give each a name of its own');
    names.add(name.value);
  }
  return groups;
};

export const FLEET_KEYS: Keys<FleetFields> = {
  ...COMMON_KEYS,
  labels: readLabels,
  secrets: readRecipients,
  groups: readGroups,
};

export const DEVICE_KEYS: Keys<DeviceFields> = {
  ...COMMON_KEYS,
  labels: readLabels,
  secrets: readOwnRecipient,
  suspend: locatedReader(readBoolean),
  apps: readApps,
};
