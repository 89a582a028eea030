// Desired states that an older agent wrote, as this one reads them: an agent that was upgraded has to defend what is in force
// before it reaches Git. Adds what was not there yet, and changes nothing else.
import type { Desired, DesiredApp } from '../../fleet/model/desired.ts';
import type { Ipam, Network } from '../../fleet/model/network.ts';
import type { Service } from '../../fleet/model/service.ts';

type Older<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;
type OlderNetwork = Older<Network, 'ipam'> & { readonly subnets?: readonly string[] };
export type OlderApp = Omit<
  Older<DesiredApp, 'correct' | 'warn' | 'insideMs' | 'suspend' | 'windows'>,
  'services' | 'networks'
> & {
  readonly services: readonly Older<Service, 'number'>[];
  readonly networks: readonly OlderNetwork[];
};
/** Of this or of an earlier version. */
export type OlderDesired = Omit<Older<Desired, 'secretValues' | 'salt' | 'origins'>, 'apps'> & {
  readonly apps: readonly OlderApp[];
};

export function fromOlder(desired: OlderDesired): Desired {
  return { secretValues: [], salt: '', origins: {}, ...desired, apps: desired.apps.map(appFromOlder) };
}

export function appFromOlder({ services, networks, ...rest }: OlderApp): DesiredApp {
  return {
    ...{ correct: [], warn: [], insideMs: null, suspend: false, windows: [] },
    ...rest,
    services: services.map((service) => ({ number: 1, ...service })),
    networks: networks.map(({ subnets = [], ...network }) => ({ ipam: ipamOf(subnets), ...network })),
  };
}

function ipamOf(subnets: readonly string[]): Ipam {
  return { config: subnets.map((subnet) => ({ subnet })) };
}
