// networks: at the top level.

import type { Ipam } from '../../model/network.ts';
import type { Node } from '../node.ts';
import { type Located, readKeys } from '../read.ts';
import { below, doubtful, type Where, wrong } from '../report.ts';
import { readBoolean } from '../scalars.ts';
import { readIpam } from './ipam.ts';
import { checkedExternal, NAMED, NAMED_KEYS, type Named, type NamedFields, orEmpty, withExternal } from './named.ts';

export interface NetworkFields extends Named {
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
  readonly ipam: Ipam;
}

/** Networks that the Engine has of its own, and the name that stands for the first of them. */
const ENGINE_NETWORKS: readonly string[] = ['host', 'bridge', 'none', 'default'];

interface NetworkKeys extends NamedFields {
  internal: boolean;
  attachable: boolean;
  enable_ipv4: boolean;
  enable_ipv6: boolean;
  ipam: Ipam;
}

export function readNetwork(node: Node, where: Where, key: Located<string>): NetworkFields | undefined {
  const fields = readKeys<NetworkKeys>(orEmpty(node), where, {
    ...NAMED_KEYS,
    internal: readBoolean,
    attachable: readBoolean,
    enable_ipv4: readBoolean,
    enable_ipv6: readBoolean,
    ipam: readIpam,
  });
  if (fields === undefined) return undefined;
  const { ipam = { config: [] }, internal = false, attachable = false, ...rest } = fields;
  const network = { ...NAMED, ...withExternal(rest), internal, attachable, ipam, key: key.value, at: key.at };
  const name = network.name ?? (network.external ? network.key : undefined);
  // Those that exist can be used as `network_mode` uses them.
  if (name !== undefined && ENGINE_NETWORKS.includes(name) && !network.external) {
    const what = `"${name}" is the Engine's own network, and no app can have it`;
    return wrong(where, key.at, 'value', what, 'give the network another name');
  }
  if (network.driver?.value === 'overlay') {
    const hint = 'remove driver: services of one device share a bridge';
    doubtful(below(where, 'driver'), network.driver.at, 'driver', 'overlay needs a Swarm on the device', hint);
  }
  if (name === 'default' && network.external) {
    doubtful(where, key.at, 'value', 'an Engine has no network that is named "default"', 'add name: the name it has');
  }
  return checkedExternal(node, where, network, doubtful);
}
