// The tables of a Compose file's top level: services stay located (they are read one by one), networks, volumes and
// configs are read whole.

import type { Node } from '../node.ts';
import type { Place } from '../place.ts';
import { type Keys, type Located, locatedReader, mapReader, type Reader, readKeys } from '../read.ts';
import { type Where, wrong } from '../report.ts';
import { readText } from '../scalars.ts';
import { type ConfigFields, readConfig } from './configs.ts';
import { checkedExternal, NAMED, NAMED_KEYS, type Named, orEmpty, withExternal } from './named.ts';
import { type NetworkFields, readNetwork } from './networks.ts';
import { readSecret, type SecretFields } from './secrets.ts';

/** `services`, `networks`…: what the user named may not be empty or need quoting on the Engine. */
const KEY = /^[a-zA-Z0-9._-]{1,128}$/;

export interface TopFields {
  name: Located<string>;
  version: string;
  services: ReadonlyMap<string, ServiceNode>;
  networks: ReadonlyMap<string, NetworkFields>;
  volumes: ReadonlyMap<string, VolumeFields>;
  configs: ReadonlyMap<string, ConfigFields>;
  secrets: ReadonlyMap<string, SecretFields>;
}

export interface ServiceNode {
  readonly node: Node;
  readonly keyAt: Place;
}

export type VolumeFields = Named;

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
  secrets: named(readSecret),
};

/** A map by names that the user chose, which are checked. */
function named<T>(read: (node: Node, where: Where, key: Located<string>) => T | undefined): Reader<Map<string, T>> {
  return mapReader((node, where, key) => {
    if (KEY.test(key.value)) return read(node, where, key);
    return wrong(where, key.at, 'value', 'is not a valid name', 'use letters, digits, ".", "_" and "-"');
  });
}
