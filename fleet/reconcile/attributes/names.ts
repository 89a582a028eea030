// How a container finds others and is found: name servers, hosts of its own, exposed ports, its address; and where it logs.
import type { ContainerInspect, ImageInspect } from '../../engine/inspect.ts';
import type { Value } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import { type Attribute, recreate } from '../attribute.ts';
import { atLeast } from '../features.ts';
import { plain, sortedList } from './builders.ts';
import { networkName, orderedNetworks } from './networking.ts';

export const NAMES: readonly Attribute[] = [
  ordered('dns', 'Dns'),
  ordered('dns_opt', 'DnsOptions'),
  ordered('dns_search', 'DnsSearch'),
  plain({
    name: 'extra_hosts',
    of: (service) => service.extra_hosts,
    shown: (list) => sortedList(list),
    live: ({ HostConfig }) => sortedList(HostConfig.ExtraHosts),
    unset: [],
    set: ({ HostConfig }, hosts) => {
      HostConfig.ExtraHosts = hosts;
    },
  }),
  {
    name: 'expose',
    declared: ({ service }) => (service.expose === undefined ? {} : { expose: sortedList(service.expose) }),
    live: ({ container, image, service }) => ({ expose: exposed(container, image, service) }),
    unset: () => [],
    exclusive: false,
    remedy: recreate,
    create({ service }, body) {
      for (const port of service.expose ?? []) body.ExposedPorts = { ...body.ExposedPorts, [port]: {} };
    },
  },
  {
    name: 'mac_address',
    declared: ({ service: { mac_address: address } }) =>
      address === undefined ? {} : { mac_address: address.toLowerCase() },
    live: ({ container, service }) => ({ mac_address: liveAddress(container, service) }),
    unset: () => null,
    exclusive: false,
    remedy: recreate,
    create({ app, service }, body, { apiVersion }) {
      if (service.mac_address === undefined) return;
      if (!atLeast(apiVersion, '1.44')) {
        body.MacAddress = service.mac_address;
        return;
      }
      const [first] = orderedNetworks(service);
      const name = first === undefined ? (service.network_mode ?? 'bridge') : networkName(app, first[0]);
      const endpoints = body.NetworkingConfig?.EndpointsConfig ?? {};
      const address = { MacAddress: service.mac_address, ...endpoints[name] };
      body.NetworkingConfig = { EndpointsConfig: { ...endpoints, [name]: address } };
    },
  },
  {
    name: 'logging',
    declared: ({ service: { logging } }) => ({
      ...(logging?.driver === undefined || logging.driver === '' ? {} : { 'logging.driver': logging.driver }),
      ...Object.fromEntries(
        Object.entries(logging?.options ?? {}).map(([key, value]): [string, Value] => [OPTIONS + key, value]),
      ),
    }),
    live: ({ container: { HostConfig } }) => ({
      'logging.driver': HostConfig.LogConfig?.Type ?? null,
      ...Object.fromEntries(
        Object.entries(HostConfig.LogConfig?.Config ?? {}).map(([key, value]) => [OPTIONS + key, value]),
      ),
    }),
    unset: (field, { engine }) => (field === 'logging.driver' ? (engine.defaults?.logging ?? 'json-file') : null),
    exclusive: false,
    remedy: recreate,
    create({ service: { logging } }, body) {
      if (logging !== undefined)
        body.HostConfig.LogConfig = { Type: logging.driver ?? '', Config: { ...logging.options } };
    },
  },
];

const OPTIONS = 'logging.options.';

/** What is published, or exposed by the image, is exposed as well and is not this key's; an image that is gone may expose all. */
function exposed(
  { Config, HostConfig }: ContainerInspect,
  image: ImageInspect | undefined,
  { expose = [] }: Service,
): readonly string[] {
  const others = { ...HostConfig.PortBindings, ...image?.Config?.ExposedPorts };
  const isOwn = (port: string) => expose.includes(port) || (image !== undefined && !Object.hasOwn(others, port));
  return sortedList(Object.keys(Config.ExposedPorts ?? {}).filter(isOwn));
}

/** Of the network that it was created on; null while no network shows one. */
function liveAddress({ Config, HostConfig, NetworkSettings }: ContainerInspect, service: Service): string | null {
  const endpoints = NetworkSettings.Networks ?? {};
  const mode = HostConfig.NetworkMode === 'default' ? 'bridge' : (HostConfig.NetworkMode ?? '');
  const address = Config.MacAddress || endpoints[mode]?.MacAddress || service.mac_address;
  return address?.toLowerCase() ?? null;
}

/** Lists whose order is that of asking. */
function ordered(name: 'dns' | 'dns_opt' | 'dns_search', key: 'Dns' | 'DnsOptions' | 'DnsSearch'): Attribute {
  return plain({
    name,
    of: (service) => service[name],
    live: ({ HostConfig }) => HostConfig[key] ?? [],
    unset: [],
    set: ({ HostConfig }, list) => {
      HostConfig[key] = list;
    },
  });
}
