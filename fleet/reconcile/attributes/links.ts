// Links to other containers, under another name. On the Engine a link is part of each connection; it names the container,
// so one that is replaced under its name stays linked.
import type { DesiredApp } from '../../model/desired.ts';
import type { Service } from '../../model/service.ts';
import type { Attribute, Live } from '../attribute.ts';
import { sortedList } from './builders.ts';
import { firstOf } from './reference.ts';

const FIELDS = ['links', 'external_links'] as const;

export const LINKS: readonly Attribute[] = FIELDS.map(
  (name): Attribute => ({
    name,
    declared: ({ service }) =>
      service[name] === undefined ? {} : { [name]: sortedList(service[name].map(withAlias)) },
    live: (live) => ({ [name]: liveLinks(live)[name] }),
    unset: () => [],
    exclusive: false,
    remedy: () => 'recreate',
    create({ app, service }, body) {
      // On the default bridge links are the container's, elsewhere the connection's.
      if (name === 'links' && service.network_mode !== undefined) body.HostConfig.Links = engineLinks(app, service);
    },
  }),
);

/** `container:alias`, for the services and containers that a service links to. */
export function engineLinks(app: DesiredApp, service: Service): readonly string[] {
  const links = (service.links ?? []).map(withAlias).map((link) => {
    const [name = '', alias = name] = link.split(':');
    return `${firstOf(app, name)?.container_name ?? name}:${alias}`;
  });
  return sortedList([...links, ...(service.external_links ?? []).map(withAlias)]);
}

/** In the file's words; a link that some connection lacks is not there. What leads to no service of the app is external. */
function liveLinks({ app, service, container }: Live): Record<(typeof FIELDS)[number], readonly string[]> {
  const endpoints = Object.values(container.NetworkSettings.Networks ?? {});
  const [first = [], ...rest] = endpoints.map(({ Links }) => Links ?? []);
  const everywhere = first.filter((link) => rest.every((other) => other.includes(link)));
  // The Engine shows its own as paths: `/db:/web/database`.
  const ofContainer = (container.HostConfig.Links ?? []).map((link) =>
    link
      .split(':')
      .map((path) => path.replace(/^.*\//, ''))
      .join(':'),
  );
  const found = sortedList([...everywhere, ...ofContainer]);
  const declared = new Set((service.external_links ?? []).map(withAlias));
  const words = new Map(app.services.filter(({ number }) => number === 1).map((one) => [one.container_name, one.name]));
  const isExternal = (link: string) => declared.has(link) || !words.has(link.split(':')[0] ?? '');
  return {
    links: sortedList(
      found
        .filter((link) => !isExternal(link))
        .map((link) => {
          const [name = '', alias = name] = link.split(':');
          return `${words.get(name) ?? name}:${alias}`;
        }),
    ),
    external_links: found.filter(isExternal),
  };
}

/** `db` is short for `db:db`. */
function withAlias(link: string): string {
  return link.includes(':') ? link : `${link}:${link}`;
}
