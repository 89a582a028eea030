// A service of the model in the words and the canonical long form of Compose's own `config`. One entry per field of the
// model, so that none can be forgotten.
import type { BlkioConfig, DeviceRate, Healthcheck, Hook, Port, Service } from '../../model/service.ts';
import { renderMounts } from './mounts.ts';
import { compact, duration, flag, type Rendered, size, sorted } from './plain.ts';
import { asWritten, fieldsOf, type Written, writtenOver } from './written.ts';

/** `count`: containers of the service. `written`: what its file says, where that is known. */
export function renderService(app: string, service: Service, count: number, written?: Written): Rendered {
  const more = { scale: count === 1 ? undefined : count, ...nameOf(app, service) };
  if (written === undefined) return sorted(compact({ ...renderFields(service), ...more }));
  const fields = fieldsOf(written.node);
  const said = { ...renderFields(asWritten(service, fields)), ...writtenOver(service, written, fields) };
  return sorted(compact(said));
}

function renderFields(service: Partial<Service>): Rendered {
  const fields: Rendered = {};
  for (const key of Object.keys(FIELDS) as (keyof All)[]) Object.assign(fields, renderField(key, service));
  return fields;
}

function nameOf(app: string, { name, number, container_name }: Service): Rendered {
  return container_name === `${app}-${name}-${number}` ? {} : { container_name };
}

/** Every field, also those that a service may leave out. */
type All = Required<Service>;

function renderField<K extends keyof All>(key: K, fields: Partial<All>): Rendered {
  const value = fields[key];
  return value === undefined ? {} : FIELDS[key](value);
}

const as =
  (key: string) =>
  (value: unknown): Rendered => ({ [key]: value });
const flagAs =
  (key: string) =>
  (value: boolean): Rendered => ({ [key]: flag(value) });
const sizeAs =
  (key: string) =>
  (value: number): Rendered => ({ [key]: size(value) });
const nothing = (): Rendered => ({});

const FIELDS: { readonly [K in keyof All]: (value: All[K]) => Rendered } = {
  // The service's key, and what `renderService` makes of all containers of it.
  name: nothing,
  number: nothing,
  container_name: nothing,
  image: as('image'),
  pull_policy: (policy) => ({ pull_policy: policy === 'missing' ? undefined : policy }),
  platform: as('platform'),
  command: as('command'),
  entrypoint: as('entrypoint'),
  environment: as('environment'),
  ports: (ports) => ({ ports: ports.map(renderPort) }),
  expose: (ports) => ({ expose: ports.map((port) => port.replace(/\/tcp$/, '')) }),
  mounts: (mounts) => renderMounts(mounts),
  networks: (networks) => ({
    networks: sorted(
      Object.fromEntries(
        Object.entries(networks).map(([key, attachment]) => {
          const given = compact({ ...attachment });
          return [key, Object.keys(given).length === 0 ? null : given];
        }),
      ),
    ),
  }),
  network_mode: as('network_mode'),
  mac_address: as('mac_address'),
  links: as('links'),
  external_links: as('external_links'),
  depends_on: (all) => ({
    depends_on: Object.fromEntries(
      Object.entries(all).map(([name, { condition, restart, required }]) => [
        name,
        compact({ condition, restart: flag(restart), required }),
      ]),
    ),
  }),
  restart: as('restart'),
  labels: as('labels'),
  annotations: as('annotations'),
  user: as('user'),
  group_add: as('group_add'),
  working_dir: as('working_dir'),
  hostname: as('hostname'),
  domainname: as('domainname'),
  dns: as('dns'),
  dns_opt: as('dns_opt'),
  dns_search: as('dns_search'),
  // An address may have colons, a name may not.
  extra_hosts: (hosts) => ({ extra_hosts: hosts.map((host) => host.replace(':', '=')) }),
  healthcheck: (check) => ({ healthcheck: renderHealthcheck(check) }),
  post_start: (hooks) => ({ post_start: hooks.map(renderHook) }),
  pre_stop: (hooks) => ({ pre_stop: hooks.map(renderHook) }),
  logging: (logging) => ({ logging: compact({ ...logging }) }),
  privileged: flagAs('privileged'),
  read_only: flagAs('read_only'),
  cap_add: as('cap_add'),
  cap_drop: as('cap_drop'),
  security_opt: as('security_opt'),
  devices: (devices) => ({
    devices: devices.map(({ source, target, permissions }) => ({ source, target, permissions })),
  }),
  device_cgroup_rules: as('device_cgroup_rules'),
  device_requests: (requests) => ({
    deploy: {
      resources: {
        reservations: {
          devices: requests.map(({ capabilities, driver, count, device_ids, options }) =>
            compact({ capabilities, driver, count, device_ids, options }),
          ),
        },
      },
    },
  }),
  sysctls: as('sysctls'),
  ulimits: (all) => ({
    ulimits: Object.fromEntries(
      Object.entries(all).map(([name, { soft, hard }]) => [name, soft === hard ? soft : { soft, hard }]),
    ),
  }),
  ipc: as('ipc'),
  pid: as('pid'),
  uts: as('uts'),
  userns_mode: as('userns_mode'),
  cgroup: as('cgroup'),
  cgroup_parent: as('cgroup_parent'),
  runtime: as('runtime'),
  init: as('init'),
  tty: flagAs('tty'),
  stdin_open: flagAs('stdin_open'),
  storage_opt: as('storage_opt'),
  volumes_from: as('volumes_from'),
  mem_limit: sizeAs('mem_limit'),
  mem_reservation: sizeAs('mem_reservation'),
  mem_swappiness: sizeAs('mem_swappiness'),
  memswap_limit: sizeAs('memswap_limit'),
  shm_size: sizeAs('shm_size'),
  oom_kill_disable: flagAs('oom_kill_disable'),
  oom_score_adj: as('oom_score_adj'),
  pids_limit: as('pids_limit'),
  cpus: as('cpus'),
  cpu_shares: as('cpu_shares'),
  cpu_period: as('cpu_period'),
  cpu_quota: as('cpu_quota'),
  cpu_rt_period: as('cpu_rt_period'),
  cpu_rt_runtime: as('cpu_rt_runtime'),
  cpuset: as('cpuset'),
  blkio_config: (config) => ({ blkio_config: renderBlkio(config) }),
  stop_grace_period: (ns) => ({ stop_grace_period: duration(ns) }),
  stop_signal: as('stop_signal'),
  reload: as('x-holdfast-reload'),
};

function renderPort({ target, published, host_ip, protocol }: Port): Rendered {
  return compact({ mode: 'ingress', host_ip, target, published: size(published), protocol });
}

function renderHealthcheck({ test, interval, timeout, start_period, start_interval, retries }: Healthcheck): Rendered {
  return compact({
    test,
    timeout: duration(timeout),
    interval: duration(interval),
    retries,
    start_period: duration(start_period),
    start_interval: duration(start_interval),
  });
}

function renderHook({ command, user, privileged, working_dir, environment }: Hook): Rendered {
  return compact({ command, user, privileged: flag(privileged), working_dir, environment });
}

function renderBlkio(config: BlkioConfig): Rendered {
  const rates = (all: readonly DeviceRate[] | undefined) => all?.map(({ path, rate }) => ({ path, rate: size(rate) }));
  return compact({
    weight: config.weight,
    weight_device: config.weight_device?.map(({ path, weight }) => ({ path, weight })),
    device_read_bps: rates(config.device_read_bps),
    device_read_iops: rates(config.device_read_iops),
    device_write_bps: rates(config.device_write_bps),
    device_write_iops: rates(config.device_write_iops),
  });
}
