// Networks change in place by connect and disconnect.
import type { EndpointConfig } from '../../engine/create.ts';
import type { ContainerInspect, EngineEndpoint } from '../../engine/inspect.ts';
import type { DesiredApp } from '../../model/desired.ts';
import type { Attachment } from '../../model/network.ts';
import type { EngineInfo } from '../../model/observed.ts';
import type { Service } from '../../model/service.ts';
import { LABEL } from '../../names.ts';
import type { Attribute, Declaration } from '../attribute.ts';
import { atLeast } from '../features.ts';
import { normalAddress } from './addresses.ts';
import { sortedList } from './builders.ts';
import { engineLinks } from './links.ts';
import { networksOfMode } from './namespaces.ts';
import { PORTS } from './ports.ts';

const NETWORKS = 'networks.';
const GONE = ['gone'];
const MAC_ADDRESS = 'mac_address=';
/** The driver option behind `interface_name`. */
const INTERFACE = 'com.docker.network.endpoint.ifname';
const ENGINE_OPTIONS = 'com.docker.network.endpoint.';

const networks: Attribute = {
  name: 'networks',
  declared: ({ service }) =>
    Object.fromEntries(
      Object.entries(service.networks).map(([key, attachment]) => [
        NETWORKS + key,
        shownAttachment(service, attachment),
      ]),
    ),
  live(live) {
    const { app, container, networkIds, service } = live;
    const fields: Record<string, readonly string[]> = {};
    const ofMode = networksOfMode(live, service);
    for (const [name, endpoint] of Object.entries(container.NetworkSettings.Networks ?? {})) {
      if (name === 'none') continue; // the Engine's word for "not connected"
      if (ofMode.includes(name)) continue;
      // An endpoint of a network that was removed, perhaps made again under the same name, connects nothing and keeps the
      // container from starting.
      const looked = networkIds.has(name) || app.networks.some((network) => network.name === name);
      const gone = looked && endpoint.NetworkID && networkIds.get(name) !== endpoint.NetworkID;
      const key = networkKey(app, name);
      fields[NETWORKS + key] = gone ? GONE : shownEndpoint(container, endpoint, service.networks[key]);
    }
    return fields;
  },
  unset: () => null,
  exclusive: true,
  // Engines below API 1.54 give an address only at creation.
  remedy: (desired) =>
    Array.isArray(desired) && desired.some((item) => item.startsWith(MAC_ADDRESS)) ? 'recreate' : 'network',
  create(declaration, body, engine) {
    const { app, service } = declaration;
    if (service.network_mode !== undefined) return;
    const [first, ...others] = orderedNetworks(service);
    if (first === undefined) {
      body.HostConfig.NetworkMode = 'none';
      return;
    }
    body.HostConfig.NetworkMode = networkName(app, first[0]);
    const joined = [first, ...others.filter((other) => joinsAtCreation(engine, other[1]))];
    body.NetworkingConfig = {
      EndpointsConfig: Object.fromEntries(
        joined.map(([key, attachment]) => [networkName(app, key), endpointConfig(declaration, key, attachment)]),
      ),
    };
  },
};

export const NETWORKING: readonly Attribute[] = [PORTS, networks];

/** In the order in which they are connected: the highest priority first, then by name. */
export function orderedNetworks(service: Service): readonly (readonly [string, Attachment])[] {
  return Object.entries(service.networks).sort(
    ([a, one], [b, other]) => (other.priority ?? 0) - (one.priority ?? 0) || (a < b ? -1 : 1),
  );
}

/** A second network whose address only a create call can set; one that is not the first is connected otherwise. */
export function joinsAtCreation({ apiVersion }: EngineInfo, attachment: Attachment): boolean {
  return attachment.mac_address !== undefined && atLeast(apiVersion, '1.44');
}

/** What a connect or disconnect call names: the network, or its id where others have its name. */
export function networkAddress({ app, ambiguous }: Declaration, key: string): string {
  const name = networkName(app, key);
  return ambiguous?.get(name) ?? name;
}

/** The body of a connect call. Containers answer to their service's name on every network. */
export function endpointConfig(declaration: Declaration, key: string, attachment: Attachment): EndpointConfig {
  const { app, service } = declaration;
  const id = declaration.ambiguous?.get(networkName(app, key));
  const address = {
    ...(attachment.ipv4_address === undefined ? {} : { IPv4Address: attachment.ipv4_address }),
    ...(attachment.ipv6_address === undefined ? {} : { IPv6Address: attachment.ipv6_address }),
    ...(attachment.link_local_ips === undefined ? {} : { LinkLocalIPs: [...attachment.link_local_ips] }),
  };
  const links = engineLinks(app, service);
  const options = driverOptions(attachment);
  return {
    Aliases: [...new Set([service.name, ...attachment.aliases])],
    ...(links.length === 0 ? {} : { Links: [...links] }),
    ...(Object.keys(address).length === 0 ? {} : { IPAMConfig: address }),
    ...(attachment.mac_address === undefined ? {} : { MacAddress: attachment.mac_address }),
    ...(Object.keys(options).length === 0 ? {} : { DriverOpts: options }),
    ...(id === undefined ? {} : { NetworkID: id }),
    ...(attachment.gw_priority === undefined ? {} : { GwPriority: attachment.gw_priority }),
  };
}

/** A network's key in the file from the field of an attachment, `networks.front`; null: another field. */
export function networkKeyOf(field: string): string | null {
  return field.startsWith(NETWORKS) ? field.slice(NETWORKS.length) : null;
}

/** The Engine's name of a network, from its key in the file (or from its own name, when the file does not know it). */
export function networkName(app: DesiredApp, key: string): string {
  return app.networks.find((network) => network.key === key)?.name ?? key;
}

function networkKey(app: DesiredApp, name: string): string {
  return app.networks.find((network) => network.name === name)?.key ?? name;
}

function shownAttachment(service: Service, attachment: Attachment): readonly string[] {
  return [
    ...sortedList([
      service.name,
      ...attachment.aliases.filter((alias) => alias === service.name || alias !== service.hostname),
    ]),
    ...shownSettings(attachment.ipv4_address, attachment.ipv6_address, attachment.link_local_ips),
    ...(attachment.gw_priority ? [`gw_priority=${attachment.gw_priority}`] : []),
    ...shownOptions(driverOptions(attachment)),
    ...(attachment.mac_address === undefined ? [] : [MAC_ADDRESS + attachment.mac_address.toLowerCase()]),
  ];
}

/** The Engine adds aliases of its own: a declared hostname, and the short id (below API 1.45). Neither is compared. */
function shownEndpoint(
  { Id, Config }: ContainerInspect,
  endpoint: EngineEndpoint,
  declared: Attachment | undefined,
): readonly string[] {
  const { IPv4Address, IPv6Address, LinkLocalIPs } = endpoint.IPAMConfig ?? {};
  const service = Config.Labels?.[LABEL.service];
  const own = (alias: string) => alias === service || (alias !== Id.slice(0, 12) && alias !== Config.Hostname);
  // Newer Engines keep settings of their own here.
  const options = Object.entries(endpoint.DriverOpts ?? {}).filter(
    ([key]) => !key.startsWith(ENGINE_OPTIONS) || key === INTERFACE || Object.hasOwn(declared?.driver_opts ?? {}, key),
  );
  // Every endpoint has an address once it runs: it counts where the file sets one.
  const mac = declared?.mac_address === undefined ? undefined : endpoint.MacAddress || declared.mac_address;
  return [
    ...sortedList((endpoint.Aliases ?? []).filter(own)),
    ...shownSettings(IPv4Address, IPv6Address, LinkLocalIPs ?? undefined),
    ...(endpoint.GwPriority ? [`gw_priority=${endpoint.GwPriority}`] : []),
    ...shownOptions(Object.fromEntries(options)),
    ...(mac === undefined ? [] : [MAC_ADDRESS + mac.toLowerCase()]),
  ];
}

function shownSettings(
  ipv4: string | undefined,
  ipv6: string | undefined,
  linkLocal: readonly string[] | undefined,
): readonly string[] {
  return [
    ...(ipv4 ? [`ipv4=${ipv4}`] : []),
    ...(ipv6 ? [`ipv6=${normalAddress(ipv6)}`] : []),
    ...sortedList(linkLocal).map((address) => `link_local=${normalAddress(address)}`),
  ];
}

function shownOptions(options: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
}

function driverOptions({ driver_opts, interface_name }: Attachment): Record<string, string> {
  return { ...driver_opts, ...(interface_name === undefined ? {} : { [INTERFACE]: interface_name }) };
}
