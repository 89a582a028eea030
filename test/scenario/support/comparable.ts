// A container without what differs between two that were created alike.
import type { ContainerInspect } from '../../../fleet/engine/inspect.ts';
import { LABEL } from '../../../fleet/names.ts';

/** `all`: containers by name, whose ids are theirs alone. */
export function comparable(
  { Id, Name, Config, HostConfig, Mounts, NetworkSettings, State }: ContainerInspect,
  all: ReadonlyMap<string, ContainerInspect>,
): object {
  const modes = Object.entries(HostConfig)
    .filter(([, mode]) => typeof mode === 'string' && mode.startsWith('container:'))
    .map(([key, mode]) => [key, [...all].find(([, other]) => mode === `container:${other.Id}`)?.[0] ?? mode]);
  const short = Id.slice(0, 12);
  // By itself a container is called by its id, or by that of the one whose network it shares.
  const holder = [...all].find(([, other]) => other.Id.slice(0, 12) === Config.Hostname)?.[0];
  const { [LABEL.spec]: _, ...labels } = Config.Labels ?? {};
  const networks = Object.entries(NetworkSettings.Networks ?? {}).map(([name, endpoint]) => [
    name,
    {
      aliases: [...(endpoint.Aliases ?? [])].filter((alias) => alias !== short).sort(),
      // The Engine says "nothing" in two ways.
      ipam: endpoint.IPAMConfig ?? {},
      links: endpoint.Links ?? [],
      options: endpoint.DriverOpts ?? {},
    },
  ]);
  return {
    Name,
    Config: { ...Config, Labels: labels, Hostname: holder === undefined ? Config.Hostname : `id of ${holder}` },
    // No limit has several names.
    HostConfig: { ...HostConfig, PidsLimit: HostConfig.PidsLimit || null, ...Object.fromEntries(modes) },
    networks: Object.fromEntries(networks),
    mounts: (Mounts ?? [])
      .map(({ Type, Name: volume = '', Source, Destination, RW }) => {
        const anonymous = Type === 'volume' && /^[0-9a-f]{64}$/.test(volume);
        return { Destination, Type, RW, ...(anonymous ? {} : { Source }) };
      })
      .sort((a, b) => (a.Destination < b.Destination ? -1 : 1)),
    status: State.Status,
  };
}
