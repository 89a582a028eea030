// Other containers that a service refers to: `service:<name>` of its app, `container:<name>` of anybody. The Engine keeps
// the id of the container that it found; the file's words hold as long as they lead to that very container.
import type { DesiredApp } from '../../model/desired.ts';
import type { Service } from '../../model/service.ts';
import type { Live } from '../attribute.ts';
import { nameOf } from '../match.ts';

const SERVICE = 'service:';
const CONTAINER = 'container:';

/** What the Engine is told for `service:<name>`: `container:<its container's name>`; undefined: it says no service. */
export function containerOf(app: DesiredApp, reference: string): string | undefined {
  const name = serviceOf(reference);
  return name === undefined ? undefined : `${CONTAINER}${firstOf(app, name)?.container_name ?? name}`;
}

/** The service that `service:<name>` speaks of. */
export function serviceOf(reference: string | undefined): string | undefined {
  return reference?.startsWith(SERVICE) === true ? reference.slice(SERVICE.length) : undefined;
}

/** Of a service's containers the first is meant. */
export function firstOf(app: DesiredApp, service: string): Service | undefined {
  return app.services.find(({ name, number }) => name === service && number === 1);
}

/** A live `container:<id>` in the words of the file, where those lead to the same container, or as the app's service. */
export function shownReference(live: Live, declared: string | undefined, value: string): string {
  if (!value.startsWith(CONTAINER)) return value;
  const id = value.slice(CONTAINER.length);
  const words = [...(declared === undefined ? [] : [declared]), ...live.app.services.map(({ name }) => SERVICE + name)];
  const meant = words.find((reference) => live.find(reference)?.inspect.Id === id);
  if (meant !== undefined) return meant;
  const holder = live.find(value);
  return holder === undefined ? `${CONTAINER}${id.slice(0, 12)}` : `${CONTAINER}${nameOf(holder)}`;
}

/** A `volumes_from` entry as its container and its access: `web:ro`, `container:other:rw`. */
export function volumesFrom(entry: string): { readonly reference: string; readonly access: 'ro' | 'rw' } {
  const access = entry.endsWith(':ro') ? 'ro' : 'rw';
  const source = entry.replace(/:(ro|rw)$/, '');
  return { reference: source.startsWith(CONTAINER) ? source : SERVICE + source, access };
}

/** The services of its own app whose containers a service is bound to: when they are replaced, it has to be as well. */
export function boundTo(service: Service): readonly { readonly key: string; readonly service: string }[] {
  const modes = [
    ['network_mode', service.network_mode],
    ['ipc', service.ipc],
    ['pid', service.pid],
    ...(service.volumes_from ?? []).map((entry) => ['volumes_from', volumesFrom(entry).reference] as const),
  ] as const;
  return modes.flatMap(([key, reference]) => {
    const name = serviceOf(reference);
    return name === undefined ? [] : [{ key, service: name }];
  });
}

/** Services that have to run before this one can be started, beyond what `depends_on` says. */
export function needs(service: Service): readonly string[] {
  const linked = (service.links ?? []).map((link) => link.split(':')[0] ?? link);
  return [...new Set([...boundTo(service).map(({ service: name }) => name), ...linked])];
}

/** Containers outside the app, by the name in the file. */
export function outsiders(service: Service): readonly { readonly key: string; readonly name: string }[] {
  const named = [
    ['network_mode', service.network_mode],
    ['ipc', service.ipc],
    ['pid', service.pid],
    ...(service.volumes_from ?? []).map((entry) => ['volumes_from', volumesFrom(entry).reference] as const),
    ...(service.external_links ?? []).map((link) => ['external_links', `${CONTAINER}${link.split(':')[0]}`] as const),
  ] as const;
  return named.flatMap(([key, reference]) =>
    reference?.startsWith(CONTAINER) === true ? [{ key, name: reference.slice(CONTAINER.length) }] : [],
  );
}
