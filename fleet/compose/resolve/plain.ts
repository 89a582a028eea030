// Keys of a service whose value is the model's, as they are read. What asks for a rule of its own is in `service.ts`.
import type { Service } from '../../model/service.ts';
import { loggingOf } from '../keys/logging.ts';
import { RELOAD } from '../keys/reload.ts';
import type { ServiceFields } from '../keys/service.ts';
import type { Pairs } from '../pairs.ts';
import { sortedRecord } from '../read.ts';

const SAME = [
  'blkio_config',
  'cap_drop',
  'command',
  'cpu_period',
  'cpu_quota',
  'cpu_rt_period',
  'cpu_rt_runtime',
  'cpu_shares',
  'cpuset',
  'dns',
  'dns_opt',
  'dns_search',
  'domainname',
  'entrypoint',
  'external_links',
  'extra_hosts',
  'group_add',
  'healthcheck',
  'hostname',
  'init',
  'mac_address',
  'mem_swappiness',
  'memswap_limit',
  'oom_kill_disable',
  'oom_score_adj',
  'platform',
  'read_only',
  'shm_size',
  'stdin_open',
  'stop_grace_period',
  'stop_signal',
  'storage_opt',
  'tty',
  'ulimits',
  'user',
  'working_dir',
] as const satisfies readonly (keyof Service & keyof ServiceFields)[];

/** With a place, which the model does not have. */
const LOCATED = [
  'cgroup',
  'cgroup_parent',
  'ipc',
  'pid',
  'privileged',
  'runtime',
  'userns_mode',
  'uts',
] as const satisfies readonly (keyof Service & keyof ServiceFields)[];

/** Lists of located texts whose order says nothing. */
const SETS = ['cap_add', 'device_cgroup_rules', 'links'] as const;

export function plainKeys(fields: Partial<ServiceFields>): Partial<Service> {
  const requests = [...(fields.gpus ?? []), ...(fields.deploy?.reservations?.devices ?? [])];
  const others: { readonly [K in keyof Service]?: Service[K] | undefined } = {
    annotations: fields.annotations && textsOf(fields.annotations),
    device_requests: requests.length === 0 ? undefined : requests.map(({ value }) => value),
    devices: fields.devices?.map(({ value }) => value),
    reload: fields[RELOAD],
    logging: fields.logging && loggingOf(fields.logging),
    sysctls: fields.sysctls && textsOf(fields.sysctls),
    volumes_from: fields.volumes_from && [...new Set(fields.volumes_from.map(({ value }) => value))],
  };
  const values: Record<string, unknown> = {};
  const set = (key: string, value: unknown): void => {
    if (value !== undefined) values[key] = value;
  };
  for (const key of SAME) set(key, fields[key]);
  for (const key of LOCATED) set(key, fields[key]?.value);
  for (const key of SETS) set(key, fields[key] && [...new Set(fields[key].map(({ value }) => value))].sort());
  for (const [key, value] of Object.entries(others)) set(key, value);
  return values;
}

function textsOf(pairs: Pairs): Readonly<Record<string, string>> {
  return sortedRecord([...pairs].map(([name, { value }]) => [name, value ?? '']));
}
