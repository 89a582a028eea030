// Address management of a network: drivers, options and pools, as declared, as sent and as the Engine shows them. The
// Engine fills in what the file leaves open; only what the file sets is compared.
import type { NetworkCreate } from '../../engine/create.ts';
import type { EnginePool, NetworkInspect } from '../../engine/inspect.ts';
import type { Ipam, IpamPool } from '../../model/network.ts';
import type { Fields } from '../../model/plan.ts';
import { family, normalAddress } from '../attributes/addresses.ts';

/** One line for each pool: `10.1.0.0/16 ip_range=10.1.5.0/24 gateway=10.1.0.1 host=10.1.0.5`. */
export function ipamFields({ driver, options, config }: Ipam): Fields {
  return {
    subnets: isOpen(config) ? null : config.map(shownPool).sort(),
    ...(driver === undefined || driver === 'default' ? {} : { 'ipam.driver': driver }),
    ...keyed(options ?? {}),
  };
}

/** The same fields of a network that exists. */
export function liveIpam({ config }: Ipam, { IPAM }: NetworkInspect): Fields {
  const families = new Set(config.flatMap(({ subnet }) => (subnet === undefined ? [] : [family(subnet)])));
  const pools = (IPAM?.Config ?? []).filter(({ Subnet = '' }) => families.size === 0 || families.has(family(Subnet)));
  const declared = new Map(config.map((pool) => [normalAddress(pool.subnet ?? ''), pool]));
  return {
    subnets: pools.map((pool) => shownPool(asDeclared(pool, declared.get(normalAddress(pool.Subnet ?? ''))))).sort(),
    'ipam.driver': IPAM?.Driver ?? null,
    ...keyed(IPAM?.Options ?? {}),
  };
}

/** A pool without a subnet is the Engine's choice: there is nothing to hold it against. */
function isOpen(config: readonly IpamPool[]): boolean {
  return config.length === 0 || config.some(({ subnet }) => subnet === undefined);
}

export function engineIpam({ driver, options, config }: Ipam): Pick<NetworkCreate, 'IPAM'> {
  if (driver === undefined && options === undefined && config.length === 0) return {};
  return {
    IPAM: {
      ...(driver === undefined ? {} : { Driver: driver }),
      ...(options === undefined ? {} : { Options: { ...options } }),
      Config: config.map(enginePool),
    },
  };
}

function enginePool({ subnet, ip_range, gateway, aux_addresses }: IpamPool): EnginePool {
  return {
    ...(subnet === undefined ? {} : { Subnet: subnet }),
    ...(ip_range === undefined ? {} : { IPRange: ip_range }),
    ...(gateway === undefined ? {} : { Gateway: gateway }),
    ...(aux_addresses === undefined ? {} : { AuxiliaryAddresses: { ...aux_addresses } }),
  };
}

/** A gateway that the file leaves open is the Engine's choice. */
function asDeclared(
  { Subnet, IPRange, Gateway, AuxiliaryAddresses }: EnginePool,
  declared: IpamPool | undefined,
): IpamPool {
  return {
    ...(Subnet === undefined ? {} : { subnet: Subnet }),
    ...(IPRange ? { ip_range: IPRange } : {}),
    ...(Gateway && declared?.gateway !== undefined ? { gateway: Gateway } : {}),
    ...(AuxiliaryAddresses ? { aux_addresses: AuxiliaryAddresses } : {}),
  };
}

function shownPool({ subnet = '', ip_range, gateway, aux_addresses }: IpamPool): string {
  return [
    normalAddress(subnet),
    ...(ip_range === undefined ? [] : [`ip_range=${normalAddress(ip_range)}`]),
    ...(gateway === undefined ? [] : [`gateway=${normalAddress(gateway)}`]),
    ...Object.entries(aux_addresses ?? {})
      .map(([host, address]) => `${host}=${normalAddress(address)}`)
      .sort(),
  ].join(' ');
}

function keyed(options: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [`ipam.options.${key}`, value]));
}
