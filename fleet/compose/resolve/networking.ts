// Which networks a service is on, or with whom it shares one; and what an Engine refuses or drops beside that.
import type { Service } from '../../model/service.ts';
import type { NetworkFields } from '../keys/networks.ts';
import type { ServiceFields } from '../keys/service.ts';
import { type Located, sortedRecord } from '../read.ts';
import { below, doubtful, shown, type Where, wrong } from '../report.ts';
import { isDeclared } from './references.ts';

export interface NetworkContext {
  readonly services: readonly string[];
  readonly networks: ReadonlyMap<string, NetworkFields>;
}

type Fields = Partial<ServiceFields>;

/** Keys that the Engine refuses or ignores beside a network that is not the container's own. */
const WITHOUT: Readonly<Record<'host' | 'none' | 'shared', readonly (keyof ServiceFields)[]>> = {
  host: ['ports', 'links'],
  none: ['ports', 'links'],
  shared: ['ports', 'links', 'expose', 'hostname', 'dns', 'extra_hosts', 'mac_address'],
};

/** The fields with `network_mode` where a network of the file stands for one, and without what has no effect beside it. */
export function settleNetworkMode(fields: Fields, where: Where, { networks }: NetworkContext): Fields {
  const mode = fields.network_mode ?? engineNetwork(fields, where, networks);
  if (mode === undefined) return withoutHostname(fields, where);
  const at = below(where, 'networks');
  const first = [...(fields.networks?.values() ?? [])][0];
  if (fields.network_mode !== undefined && first !== undefined) {
    wrong(at, first.at, 'value', 'contradicts network_mode', 'keep one of them');
  }
  const { networks: _networks, ...rest } = fields;
  return withoutConflicts({ ...rest, network_mode: mode }, mode, where);
}

/** A service whose one network is the Engine's own `host`, `none` or `bridge`, declared external. */
function engineNetwork(
  fields: Fields,
  where: Where,
  networks: NetworkContext['networks'],
): Located<string> | undefined {
  for (const [key, { at }] of fields.networks ?? []) {
    const network = networks.get(key);
    const name = network?.name ?? key;
    if (network?.external !== true || !['host', 'none', 'bridge'].includes(name)) continue;
    if ((fields.networks?.size ?? 0) > 1) {
      const what = `the Engine's own network "${name}" cannot be combined with others`;
      wrong(below(where, 'networks'), at, 'value', what, 'keep one of them');
    }
    return { value: name, at };
  }
  return undefined;
}

function withoutConflicts(fields: Fields, mode: Located<string>, where: Where): Fields {
  const { value } = mode;
  const kind = /^(service|container):/.test(value) ? 'shared' : value;
  const keys = kind === 'host' || kind === 'none' || kind === 'shared' ? WITHOUT[kind] : [];
  const kept = { ...fields };
  for (const key of keys) {
    if (isEmpty(kept[key])) continue;
    const hint = kind === 'shared' ? `set it on the service that has the network` : 'remove it';
    doubtful(below(where, key), mode.at, 'no-effect', `has no effect with network_mode: ${shown(value)}`, hint);
    delete kept[key];
  }
  return withoutHostname(kept, where);
}

function withoutHostname(fields: Fields, where: Where): Fields {
  const { hostname, ...rest } = fields;
  if (fields.uts === undefined || hostname === undefined) return fields;
  doubtful(below(where, 'hostname'), fields.uts.at, 'no-effect', 'has no effect with uts: host', 'remove it');
  return rest;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

/** Empty under `network_mode`; `default` where nothing is said. */
export function resolveNetworks(fields: Fields, where: Where, context: NetworkContext): Service['networks'] {
  if (fields.network_mode !== undefined) return {};
  const declared = [...(fields.networks ?? [])];
  if (declared.length === 0) return { default: { aliases: [] } };
  const known = ['default', ...context.networks.keys()];
  const at = below(where, 'networks');
  const right = declared.filter(([name, reference]) => isDeclared('network', name, reference.at, known, at));
  return sortedRecord(right.map(([name, { value }]) => [name, value]));
}
