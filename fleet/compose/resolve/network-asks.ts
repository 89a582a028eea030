// What networks ask of the host: its interfaces, and addresses whose traffic it would send to containers.
import type { AskWhat } from '../../model/ask.ts';
import type { Network } from '../../model/network.ts';
import type { NetworkFields } from '../keys/networks.ts';
import type { LocatedAsk, Named } from './resources.ts';

/** Options that name an interface which may be there already. */
const INTERFACES = ['parent', 'com.docker.network.bridge.name'];

/** Of networks that are made. */
export function networkAsks(
  networks: readonly Named<Network>[],
  declared: ReadonlyMap<string, NetworkFields> = new Map(),
): LocatedAsk[] {
  return networks.flatMap(({ value: { key, external, driver_opts, ipam }, at }): LocatedAsk[] => {
    if (external) return [];
    const ask = (below: string, what: AskWhat, place = at): LocatedAsk => ({
      ...what,
      service: null,
      key: `networks.${key}.${below}`,
      at: place,
    });
    const options = declared.get(key)?.driver_opts;
    return [
      ...INTERFACES.flatMap((name) => {
        const value = driver_opts[name];
        if (value === undefined || value === '') return [];
        return ask(`driver_opts.${name}`, { kind: 'interface', name: value }, options?.get(name)?.at);
      }),
      ...ipam.config.flatMap(({ subnet }) =>
        subnet === undefined ? [] : ask('ipam.config', { kind: 'subnet', subnet }),
      ),
    ];
  });
}
