// What people do to containers, networks and volumes behind Git's back: plain calls to the Engine, and look-alikes, which are
// made from a container's own inspect with one setting altered.
import type { ContainerInspect, EngineEndpoint, NetworkInspect, VolumeInspect } from '../../../fleet/engine/inspect.ts';
import { LABEL } from '../../../fleet/names.ts';
import { dockerOk } from '../../support/engine.ts';

/** Settings of a create call, replaced whole. */
export interface Alteration {
  readonly Config?: object;
  readonly HostConfig?: object;
}

/** Settings of a network's create call, replaced whole; labels are added. */
export interface NetworkAlteration {
  readonly [setting: string]: unknown;
  readonly Labels?: object;
}

export function inspect(name: string): Promise<ContainerInspect> {
  return dockerOk('GET', `/containers/${name}/json`);
}

export function update(name: string, body: object): Promise<unknown> {
  return dockerOk('POST', `/containers/${name}/update`, body);
}

export function disconnect(name: string, network: string): Promise<unknown> {
  return dockerOk('POST', `/networks/${network}/disconnect`, { Container: name, Force: true });
}

export function connect(name: string, network: string, endpoint: object = {}): Promise<unknown> {
  return dockerOk('POST', `/networks/${network}/connect`, { Container: name, EndpointConfig: endpoint });
}

/** The container is on the network as before, but for what is altered. */
export async function reconnect(name: string, network: string, alteration: object): Promise<void> {
  const before = await inspect(name);
  const endpoint = before.NetworkSettings.Networks?.[network] ?? {};
  await disconnect(name, network);
  await connect(name, network, { ...asked(endpoint, before), ...alteration });
}

/** Removes a container and makes one of the same name, labels and settings, but for the alteration. */
export async function lookAlike(name: string, { Config, HostConfig }: Alteration): Promise<void> {
  const before = await inspect(name);
  const endpoints = Object.entries(before.NetworkSettings.Networks ?? {}).map(
    ([network, endpoint]) => [network, asked(endpoint, before)] as const,
  );
  const { Hostname, ...config } = before.Config;
  const joins = before.HostConfig.NetworkMode?.startsWith('container:') === true;
  const own = joins || Hostname === before.Id.slice(0, 12) ? {} : { Hostname };
  const host = { ...before.HostConfig, ...HostConfig };
  const [first] = endpoints.filter(([network]) => network === host.NetworkMode);
  await dockerOk('DELETE', `/containers/${name}?force=1`);
  await dockerOk('POST', `/containers/create?name=${name}`, {
    ...config,
    ...own,
    ...Config,
    HostConfig: host,
    NetworkingConfig: { EndpointsConfig: first === undefined ? {} : Object.fromEntries([first]) },
  });
  for (const [network, endpoint] of endpoints)
    if (network !== host.NetworkMode && !isMode(before.HostConfig.NetworkMode)) await connect(name, network, endpoint);
  await dockerOk('POST', `/containers/${name}/start`);
}

/** Removes a network and makes it again with the alteration; whoever was on it is connected again. */
export async function remakeNetwork(
  name: string,
  containers: readonly string[],
  { Labels: labels, ...alteration }: NetworkAlteration,
): Promise<void> {
  const { Driver, Internal, Attachable, EnableIPv6, Options, Labels, IPAM } = await removeNetwork(name, containers);
  const before = { Driver, Internal, Attachable, EnableIPv6, Options, IPAM };
  await dockerOk('POST', '/networks/create', {
    Name: name,
    CheckDuplicate: true,
    ...before,
    ...alteration,
    Labels: { ...Labels, ...labels },
  });
  for (const container of containers) {
    const aliases = [(await inspect(container)).Config.Labels?.[LABEL.composeService]];
    await connect(container, name, { Aliases: aliases });
  }
}

/** Removes a network, from under the containers that are on it. */
export async function removeNetwork(name: string, containers: readonly string[]): Promise<NetworkInspect> {
  const before = await dockerOk<NetworkInspect>('GET', `/networks/${name}`);
  for (const container of containers) await disconnect(container, name);
  await dockerOk('DELETE', `/networks/${name}`);
  return before;
}

/** Removes an unused volume and makes it again with the alteration; labels are added. */
export async function remakeVolume(
  name: string,
  { Labels: labels, ...alteration }: { readonly DriverOpts?: object; readonly Labels?: object },
): Promise<void> {
  const { Driver, Options, Labels } = await dockerOk<VolumeInspect>('GET', `/volumes/${name}`);
  await dockerOk('DELETE', `/volumes/${name}`);
  await dockerOk('POST', '/volumes/create', {
    Name: name,
    Driver,
    DriverOpts: Options ?? {},
    ...alteration,
    Labels: { ...Labels, ...labels },
  });
}

/** What was asked of an endpoint, without the aliases that the Engine added. */
function asked({ Aliases, IPAMConfig, Links, DriverOpts }: EngineEndpoint, { Id, Config }: ContainerInspect): object {
  const service = Config.Labels?.[LABEL.composeService];
  const own = (alias: string) => alias === service || (alias !== Id.slice(0, 12) && alias !== Config.Hostname);
  return { Aliases: (Aliases ?? []).filter(own), IPAMConfig, Links, DriverOpts };
}

/** A mode that comes with its network, or with none. */
function isMode(mode = ''): boolean {
  return ['host', 'none', 'bridge', 'default'].includes(mode) || mode.startsWith('container:');
}
