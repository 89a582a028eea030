// What a container may use and do: restart policy, memory, processors, capabilities, init, health check.
// Restart policy and limits change in place; an update call takes 0 as "unchanged", so lifting a limit recreates.
import type { Healthcheck } from '../../model/desired.ts';
import type { Fields, Value } from '../../model/plan.ts';
import { type Attribute, field, recreate, sameValue } from '../attribute.ts';

const restart: Attribute = {
  name: 'restart',
  declared: ({ service }) => field('restart', normalRestart(service.restart)),
  live({ container: { HostConfig } }) {
    const name = HostConfig.RestartPolicy?.Name || 'no';
    const retries = HostConfig.RestartPolicy?.MaximumRetryCount ?? 0;
    return { restart: retries > 0 ? `${name}:${retries}` : name };
  },
  unset: () => 'no',
  exclusive: false,
  remedy: () => 'update',
  create({ service }, body) {
    if (service.restart !== undefined) body.HostConfig.RestartPolicy = restartPolicy(service.restart);
  },
  update(desired, body) {
    body.RestartPolicy = restartPolicy(String(desired));
  },
};

const memLimit: Attribute = {
  name: 'mem_limit',
  declared: ({ service }) => field('mem_limit', service.mem_limit),
  live: ({ container }) => ({ mem_limit: container.HostConfig.Memory ?? 0 }),
  unset: () => 0,
  exclusive: false,
  remedy: (desired) => (desired === 0 ? 'recreate' : 'update'),
  create({ service }, body) {
    if (service.mem_limit !== undefined) body.HostConfig.Memory = service.mem_limit;
  },
  update(desired, body) {
    body.Memory = Number(desired);
    // The Engine's own default, said explicitly: a limit above the old swap limit would be refused.
    body.MemorySwap = Number(desired) * 2;
  },
};

const cpus: Attribute = {
  name: 'cpus',
  // As finely as the Engine counts.
  declared: ({ service }) => field('cpus', service.cpus && Math.round(service.cpus * 1e9) / 1e9),
  live: ({ container }) => ({ cpus: (container.HostConfig.NanoCpus ?? 0) / 1e9 }),
  unset: () => 0,
  exclusive: false,
  remedy: (desired) => (desired === 0 ? 'recreate' : 'update'),
  create({ service }, body) {
    if (service.cpus !== undefined) body.HostConfig.NanoCpus = Math.round(service.cpus * 1e9);
  },
  update(desired, body) {
    body.NanoCpus = Math.round(Number(desired) * 1e9);
  },
};

const readOnly: Attribute = flag('read_only', 'ReadonlyRootfs');
const init: Attribute = flag('init', 'Init');
const capAdd: Attribute = capabilities('cap_add', 'CapAdd');
const capDrop: Attribute = capabilities('cap_drop', 'CapDrop');

const HEALTHCHECK = [
  ['test', 'Test'],
  ['interval', 'Interval'],
  ['timeout', 'Timeout'],
  ['start_period', 'StartPeriod'],
  ['retries', 'Retries'],
] as const;

const healthcheck: Attribute = {
  name: 'healthcheck',
  declared({ service }) {
    // The Engine takes 0 and an empty test as "the image's": not set, as far as comparing goes.
    const entries = HEALTHCHECK.map(([key]) => [`healthcheck.${key}`, service.healthcheck?.[key]] as const);
    const isSet = (value: Value | undefined) => value !== undefined && value !== 0 && !sameValue(value, []);
    return Object.fromEntries(entries.filter(([, value]) => isSet(value))) as Fields;
  },
  live: ({ container: { Config } }) =>
    Object.fromEntries(
      HEALTHCHECK.map(([key, engineKey]): [string, Value] => [
        `healthcheck.${key}`,
        Config.Healthcheck?.[engineKey] ?? (key === 'test' ? [] : 0),
      ]),
    ),
  unset(name, { image }) {
    const key = HEALTHCHECK.find(([word]) => name === `healthcheck.${word}`);
    return (key && image?.Config?.Healthcheck?.[key[1]]) ?? (name === 'healthcheck.test' ? [] : 0);
  },
  exclusive: false,
  remedy: recreate,
  create({ service }, body) {
    if (service.healthcheck !== undefined) body.Healthcheck = engineHealthcheck(service.healthcheck);
  },
};

export const LIMITS: readonly Attribute[] = [restart, memLimit, cpus, readOnly, init, capAdd, capDrop, healthcheck];

function engineHealthcheck(declared: Healthcheck) {
  return {
    ...(declared.test === undefined ? {} : { Test: declared.test }),
    ...(declared.interval === undefined ? {} : { Interval: declared.interval }),
    ...(declared.timeout === undefined ? {} : { Timeout: declared.timeout }),
    ...(declared.start_period === undefined ? {} : { StartPeriod: declared.start_period }),
    ...(declared.retries === undefined ? {} : { Retries: declared.retries }),
  };
}

function normalRestart(restart: string | undefined): string | undefined {
  return restart?.replace(/:0*$/, '');
}

function restartPolicy(restart: string): { Name: string; MaximumRetryCount: number } {
  const [name = 'no', retries = '0'] = restart.split(':');
  return { Name: name, MaximumRetryCount: Number(retries) };
}

function flag(name: 'read_only' | 'init', key: 'ReadonlyRootfs' | 'Init'): Attribute {
  return {
    name,
    declared: ({ service }) => field(name, service[name]),
    live: ({ container }) => ({ [name]: container.HostConfig[key] ?? false }),
    unset: () => false,
    exclusive: false,
    remedy: recreate,
    create({ service }, body) {
      const value = service[name];
      if (value !== undefined) body.HostConfig[key] = value;
    },
  };
}

/** Capabilities come back as typed: compared without case and the `CAP_` prefix, as sets. */
function capabilities(name: 'cap_add' | 'cap_drop', key: 'CapAdd' | 'CapDrop'): Attribute {
  const normal = (list: readonly string[]) =>
    [...new Set(list.map((cap) => cap.toUpperCase().replace(/^CAP_/, '')))].sort();
  return {
    name,
    declared: ({ service }) => field(name, service[name] && normal(service[name])),
    live: ({ container }) => ({ [name]: normal(container.HostConfig[key] ?? []) }),
    unset: () => [],
    exclusive: false,
    remedy: recreate,
    create({ service }, body) {
      const value = service[name];
      if (value !== undefined) body.HostConfig[key] = value;
    },
  };
}
