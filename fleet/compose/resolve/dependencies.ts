// Which services come before another: those that it names under depends_on, and those that it shares something with.
import type { Dependency, Service } from '../../model/service.ts';
import type { ServiceFields } from '../keys/service.ts';
import type { Place } from '../place.ts';
import { type Located, sortedRecord } from '../read.ts';
import { below, type Where } from '../report.ts';
import { isDeclared } from './references.ts';

/** An optional dependency that is not declared is no dependency; what the file says itself counts before what is implied. */
export function resolveDependencies(
  fields: Partial<ServiceFields>,
  where: Where,
  services: readonly string[],
): Service['depends_on'] {
  const found = new Map<string, Dependency>();
  for (const { key, name, at, restart } of implied(fields)) {
    if (isDeclared('service', name, at, services, below(where, key))) {
      found.set(name, { condition: 'service_started', restart, required: true });
    }
  }
  const own = below(where, 'depends_on');
  for (const [name, { value, at }] of fields.depends_on ?? []) {
    if (value.required ? isDeclared('service', name, at, services, own) : services.includes(name)) {
      found.set(name, value);
    }
  }
  return sortedRecord(found);
}

/** Without dependencies on services that have no container: nothing would ever come of waiting for them. */
export function withoutIdle(services: readonly Service[]): Service[] {
  const running = new Set(services.map(({ name }) => name));
  return services.map((service) => ({
    ...service,
    depends_on: Object.fromEntries(Object.entries(service.depends_on).filter(([name]) => running.has(name))),
  }));
}

interface Implied {
  readonly key: string;
  readonly name: string;
  readonly at: Place;
  /** Is it made again when the other one is? */
  readonly restart: boolean;
}

function implied(fields: Partial<ServiceFields>): Implied[] {
  const shared = (['network_mode', 'ipc', 'pid'] as const).flatMap((key) => {
    const field: Located<string> | undefined = fields[key];
    if (field === undefined || !field.value.startsWith('service:')) return [];
    return [{ key, name: field.value.slice('service:'.length), at: field.at, restart: true }];
  });
  const linked = (fields.links ?? []).map(({ value, at }) => ({
    key: 'links',
    name: value.split(':')[0] ?? value,
    at,
    restart: true,
  }));
  const lent = (fields.volumes_from ?? [])
    .filter(({ value }) => !value.startsWith('container:'))
    .map(({ value, at }) => ({ key: 'volumes_from', name: value.split(':')[0] ?? value, at, restart: false }));
  return [...lent, ...linked, ...shared];
}
