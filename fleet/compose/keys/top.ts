// The tables of a Compose file's top level: services stay located (they are read one by one), networks, volumes and
// configs are read whole.
import { isNull, type Node } from '../node.ts';
import { type Pairs, readPairs } from '../pairs.ts';
import type { Place } from '../place.ts';
import {
  type Keys,
  type Located,
  listReader,
  locatedReader,
  mapReader,
  type Reader,
  readBoolean,
  readKeys,
  readName,
  readText,
} from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { CONFIG_NOT_YET, NETWORK_NOT_YET } from './unsupported.ts';

/** `services`, `networks`…: what the user named may not be empty or need quoting on the Engine. */
const KEY = /^[a-zA-Z0-9._-]{1,128}$/;
/** Names of networks and volumes on the Engine. */
const ENGINE_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/;

/** Networks that the Engine has of its own, and the name that stands for the first of them. */
const ENGINE_NETWORKS: readonly string[] = ['host', 'bridge', 'none', 'default'];

export interface TopFields {
  name: Located<string>;
  version: string;
  services: ReadonlyMap<string, ServiceNode>;
  networks: ReadonlyMap<string, NetworkFields>;
  volumes: ReadonlyMap<string, VolumeFields>;
  configs: ReadonlyMap<string, ConfigFields>;
}

export interface ServiceNode {
  readonly node: Node;
  readonly keyAt: Place;
}

interface Named {
  readonly key: string;
  readonly at: Place;
  readonly name?: string;
  readonly external: boolean;
  readonly driver?: string;
  readonly driver_opts: Pairs;
  readonly labels: Pairs;
}

export interface NetworkFields extends Named {
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly subnets: readonly string[];
}

export type VolumeFields = Named;

export interface ConfigFields {
  readonly at: Place;
  readonly name?: string;
  readonly file?: Located<string>;
  readonly content?: string;
  readonly environment?: string;
}

export const TOP_KEYS: Keys<TopFields> = {
  name: locatedReader(readText),
  // Obsolete in the specification; nothing depends on it.
  version: () => undefined,
  services: named((node, _where, key) => ({ node, keyAt: key.at })),
  networks: named(readNetwork),
  volumes: named((node, where, key) => {
    const fields = readKeys(orEmpty(node), where, NAMED_KEYS);
    return fields && checkedExternal(node, where, { ...NAMED, ...withExternal(fields), key: key.value, at: key.at });
  }),
  configs: named(readConfig),
};

/** A map by names that the user chose, which are checked. */
function named<T>(read: (node: Node, where: Where, key: Located<string>) => T | undefined): Reader<Map<string, T>> {
  return mapReader((node, where, key) => {
    if (KEY.test(key.value)) return read(node, where, key);
    return wrong(where, key.at, 'value', 'is not a valid name', 'use letters, digits, ".", "_" and "-"');
  });
}

interface NamedFields {
  name: string;
  external: boolean | { readonly name: string };
  driver: string;
  driver_opts: Pairs;
  labels: Pairs;
}

const NO_PAIRS: Pairs = new Map();
const NAMED = { external: false, driver_opts: NO_PAIRS, labels: NO_PAIRS };

const NAMED_KEYS: Keys<NamedFields> = {
  name: readEngineName,
  external: readExternal,
  driver: readName,
  driver_opts: readPairs,
  labels: readPairs,
};

function readEngineName(node: Node, where: Where): string | undefined {
  const text = readText(node, where);
  if (text === undefined || ENGINE_NAME.test(text)) return text;
  return wrong(where, node.at, 'value', `"${shown(text)}" is not a name that the Engine takes`);
}

/** `true`, or the older form `{name: …}`. */
function readExternal(node: Node, where: Where): NamedFields['external'] | undefined {
  if (node.kind !== 'map') return readBoolean(node, where);
  const name = readKeys<{ name: string }>(node, where, { name: readEngineName })?.name;
  doubtful(where, node.at, 'old-form', 'external as a map is obsolete', 'write external: true and name: beside it');
  return name === undefined ? true : { name };
}

function withExternal({
  external,
  ...fields
}: Partial<NamedFields>): Partial<Omit<NamedFields, 'external'>> & { external: boolean } {
  if (typeof external !== 'object') return { ...fields, external: external ?? false };
  return { name: external.name, ...fields, external: true };
}

/** What exists already cannot be described as well. */
function checkedExternal<T extends Named>(node: Node, where: Where, fields: T): T {
  if (!fields.external || node.kind !== 'map') return fields;
  for (const { key, keyAt } of node.entries.values()) {
    if (key === 'external' || key === 'name' || key.startsWith('x-')) continue;
    wrong(
      where,
      keyAt,
      'value',
      `${key} contradicts external`,
      'what is external is used as it is: remove one of them',
    );
  }
  return fields;
}

interface NetworkKeys extends NamedFields {
  internal: boolean;
  attachable: boolean;
  ipam: readonly string[];
}

function readNetwork(node: Node, where: Where, key: Located<string>): NetworkFields | undefined {
  const fields = readKeys<NetworkKeys>(
    orEmpty(node),
    where,
    { ...NAMED_KEYS, internal: readBoolean, attachable: readBoolean, ipam: readIpam },
    NETWORK_NOT_YET,
  );
  if (fields === undefined) return undefined;
  const { ipam = [], internal = false, attachable = false, ...rest } = fields;
  const network = { ...NAMED, ...withExternal(rest), internal, attachable, subnets: ipam, key: key.value, at: key.at };
  const name = network.name ?? (network.external ? network.key : undefined);
  if (name !== undefined && ENGINE_NETWORKS.includes(name)) {
    const what = `"${name}" is the Engine's own network, and no app can have it`;
    return wrong(where, key.at, 'value', what, 'give the network another name');
  }
  return checkedExternal(node, where, network);
}

const readIpam: Reader<readonly string[]> = (node, where) => {
  const config = listReader<string>((item, at) => {
    const fields = readKeys<{ subnet: string }>(
      item,
      at,
      { subnet: readSubnet },
      { gateway: '', ip_range: '', aux_addresses: '' },
    );
    return fields?.subnet;
  });
  return readKeys<{ config: readonly string[] }>(node, where, { config }, { driver: '', options: '' })?.config;
};

const readSubnet: Reader<string> = (node, where) => {
  const text = readText(node, where);
  if (text === undefined || /^[0-9a-fA-F:.]{2,45}\/\d{1,3}$/.test(text)) return text;
  return wrong(where, node.at, 'value', `"${shown(text)}" is not a subnet`, 'write it like 172.28.0.0/16');
};

interface ConfigKeys {
  name: string;
  file: Located<string>;
  content: string;
  environment: string;
}

function readConfig(node: Node, where: Where, key: Located<string>): ConfigFields | undefined {
  const fields = readKeys<ConfigKeys>(
    orEmpty(node),
    where,
    { name: readText, file: locatedReader(readName), content: readText, environment: readName },
    CONFIG_NOT_YET,
  );
  if (fields === undefined) return undefined;
  const sources = [fields.file, fields.content, fields.environment].filter((source) => source !== undefined);
  const other =
    node.kind === 'map' && ['external', 'file', 'content', 'environment'].some((name) => node.entries.has(name));
  if (sources.length > 1 || (sources.length === 0 && !other)) {
    return wrong(where, key.at, 'value', 'needs one of file, content and environment');
  }
  return sources.length === 0 ? undefined : { ...fields, at: key.at };
}

function orEmpty(node: Node): Node {
  return isNull(node) ? { kind: 'map', entries: new Map(), at: node.at } : node;
}
