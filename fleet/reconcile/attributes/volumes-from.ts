// Volumes that come from other containers, of the app or not.
import { type Attribute, type Live, recreate } from '../attribute.ts';
import { containerOf, serviceOf, volumesFrom } from './reference.ts';

export const VOLUMES_FROM: Attribute = {
  name: 'volumes_from',
  declared: ({ service }) =>
    service.volumes_from === undefined ? {} : { volumes_from: service.volumes_from.map(normalEntry) },
  live: ({ container, app }) => ({
    volumes_from: (container.HostConfig.VolumesFrom ?? []).map((entry) => {
      const [name = '', access = 'rw'] = entry.split(':');
      const own = app.services.find((service) => service.container_name === name && service.number === 1);
      return `${own?.name ?? `container:${name}`}:${access === 'ro' ? 'ro' : 'rw'}`;
    }),
  }),
  unset: () => [],
  exclusive: false,
  remedy: recreate,
  create({ app, service }, body) {
    if (service.volumes_from === undefined) return;
    body.HostConfig.VolumesFrom = service.volumes_from.map((entry) => {
      const { reference, access } = volumesFrom(entry);
      return `${(containerOf(app, reference) ?? reference).replace(/^container:/, '')}:${access}`;
    });
  },
};

/** Mounts that `volumes_from` brings, as they are with the containers that it names, or named when the container was made. */
export function lentMounts(live: Live): (mount: NonNullable<Live['container']['Mounts']>[number]) => boolean {
  const declared = new Set(live.service.mounts.map(({ target }) => target));
  const named = [
    ...(live.service.volumes_from ?? []).map((entry) => volumesFrom(entry).reference),
    ...(live.container.HostConfig.VolumesFrom ?? []).map((entry) => `container:${entry.replace(/:.*$/, '')}`),
  ];
  const lenders = named.flatMap((reference) => {
    const lender = live.find(reference);
    return lender === undefined ? [] : (lender.inspect.Mounts ?? []);
  });
  return (mount) =>
    !declared.has(mount.Destination) &&
    lenders.some((other) => other.Destination === mount.Destination && other.Source === mount.Source);
}

function normalEntry(entry: string): string {
  const { reference, access } = volumesFrom(entry);
  return `${serviceOf(reference) ?? reference}:${access}`;
}
