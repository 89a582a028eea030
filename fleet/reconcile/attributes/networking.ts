// Networks and published ports. Networks change in place by connect and disconnect; ports recreate.
import type { EndpointConfig } from '../../engine/create.ts';
import type { ContainerInspect, EngineEndpoint } from '../../engine/inspect.ts';
import type { Attachment, DesiredApp, Port, Service } from '../../model/desired.ts';
import type { Fields } from '../../model/plan.ts';
import { LABEL } from '../../names.ts';
import { type Attribute, recreate } from '../attribute.ts';

const PORTS = 'ports.';
const NETWORKS = 'networks.';
const GONE = ['gone'];

const ports: Attribute = {
  name: 'ports',
  declared({ service }) {
    const bindings = new Map<string, string[]>();
    for (const port of service.ports) {
      const key = PORTS + portKey(port);
      bindings.set(key, [...(bindings.get(key) ?? []), `${port.host_ip ?? ''}:${port.published ?? ''}`]);
    }
    return sorted(bindings);
  },
  live({ container }) {
    const bindings = new Map<string, string[]>();
    for (const [key, hosts] of Object.entries(container.HostConfig.PortBindings ?? {})) {
      const shown = (hosts ?? []).map(
        (host) => `${host.HostIp ?? ''}:${host.HostPort === '0' ? '' : (host.HostPort ?? '')}`,
      );
      bindings.set(PORTS + key, shown);
    }
    return sorted(bindings);
  },
  unset: () => null,
  exclusive: true,
  remedy: recreate,
  create({ service }, body) {
    const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
    body.ExposedPorts = {};
    for (const port of service.ports) {
      const key = portKey(port);
      body.ExposedPorts[key] = {};
      bindings[key] = [
        ...(bindings[key] ?? []),
        { HostIp: port.host_ip ?? '', HostPort: String(port.published ?? '') },
      ];
    }
    body.HostConfig.PortBindings = bindings;
  },
};

const networks: Attribute = {
  name: 'networks',
  declared: ({ service }) =>
    Object.fromEntries(
      Object.entries(service.networks).map(([key, attachment]) => [
        NETWORKS + key,
        shownAttachment(service, attachment),
      ]),
    ),
  live({ app, container, networkIds }) {
    const fields: Record<string, readonly string[]> = {};
    for (const [name, endpoint] of Object.entries(container.NetworkSettings.Networks ?? {})) {
      if (name === 'none') continue; // the Engine's word for "not connected"
      // An endpoint of a network that was removed, perhaps made again under the same name, connects nothing and keeps the
      // container from starting.
      const looked = networkIds.has(name) || app.networks.some((network) => network.name === name);
      const gone = looked && endpoint.NetworkID && networkIds.get(name) !== endpoint.NetworkID;
      fields[NETWORKS + networkKey(app, name)] = gone ? GONE : shownEndpoint(container, endpoint);
    }
    return fields;
  },
  unset: () => null,
  exclusive: true,
  remedy: () => 'network',
  create({ app, service }, body) {
    const [first] = Object.entries(service.networks);
    if (first === undefined) {
      body.HostConfig.NetworkMode = 'none';
      return;
    }
    const name = networkName(app, first[0]);
    body.HostConfig.NetworkMode = name;
    body.NetworkingConfig = { EndpointsConfig: { [name]: endpointConfig(service.name, first[1]) } };
  },
};

export const NETWORKING: readonly Attribute[] = [ports, networks];

/** The body of a connect call. Containers answer to their service's name on every network. */
export function endpointConfig(service: string, attachment: Attachment): EndpointConfig {
  const address = {
    ...(attachment.ipv4_address === undefined ? {} : { IPv4Address: attachment.ipv4_address }),
    ...(attachment.ipv6_address === undefined ? {} : { IPv6Address: attachment.ipv6_address }),
  };
  return {
    Aliases: [...new Set([service, ...attachment.aliases])],
    ...(Object.keys(address).length === 0 ? {} : { IPAMConfig: address }),
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
  return shown(
    [service.name, ...attachment.aliases].filter((alias) => alias === service.name || alias !== service.hostname),
    attachment.ipv4_address,
    attachment.ipv6_address,
  );
}

/** The Engine adds aliases of its own: a declared hostname, and the short id (below API 1.45). Neither is compared. */
function shownEndpoint({ Id, Config }: ContainerInspect, endpoint: EngineEndpoint): readonly string[] {
  const address = endpoint.IPAMConfig ?? {};
  const service = Config.Labels?.[LABEL.service];
  const own = (alias: string) => alias === service || (alias !== Id.slice(0, 12) && alias !== Config.Hostname);
  return shown((endpoint.Aliases ?? []).filter(own), address.IPv4Address, address.IPv6Address);
}

function shown(aliases: readonly string[], ipv4: string | undefined, ipv6: string | undefined): readonly string[] {
  return [...[...new Set(aliases)].sort(), ...(ipv4 ? [`ipv4=${ipv4}`] : []), ...(ipv6 ? [`ipv6=${ipv6}`] : [])];
}

function portKey(port: Port): string {
  return `${port.target}/${port.protocol}`;
}

function sorted(bindings: ReadonlyMap<string, string[]>): Fields {
  return Object.fromEntries([...bindings].map(([key, hosts]) => [key, [...hosts].sort()]));
}
