// What a service asks of the host beyond an ordinary container, each at the text that asks. Binds are added where mounts
// are resolved; the device's policy decides.
import { BUILT_IN } from '../../engine/built-in.ts';
import type { AskWhat } from '../../model/ask.ts';
import type { Logging } from '../keys/logging.ts';
import type { ServiceFields } from '../keys/service.ts';
import type { Place } from '../place.ts';
import { below, type Where } from '../report.ts';
import { logAsks } from './log-asks.ts';
import type { LocatedAsk } from './resources.ts';

/** What, where, and the key below the service's where it is not the whole. */
type Asked = readonly [AskWhat, Place, string?];

const NAMESPACES = [
  ['network_mode', 'network'],
  ['pid', 'pid'],
  ['ipc', 'ipc'],
  ['uts', 'uts'],
  ['userns_mode', 'userns'],
  ['cgroup', 'cgroup'],
] as const;

/** Key by key, so that a key that asks is one line here. */
const ASKED: { readonly [K in keyof ServiceFields]?: (value: ServiceFields[K]) => readonly Asked[] } = {
  annotations: (pairs) => [...pairs].map(([name, { at }]) => [{ kind: 'annotation', name }, at]),
  cap_add: (list) =>
    list.map(({ value, at }) => [{ kind: 'capability', capability: value.toUpperCase().replace(/^CAP_/, '') }, at]),
  cgroup_parent: ({ value, at }) => [[{ kind: 'cgroup-parent', value }, at]],
  deploy: ({ reservations }) =>
    requests(reservations?.devices ?? []).map(([what, at]) => [what, at, 'resources.reservations.devices']),
  device_cgroup_rules: (list) => list.map(({ value, at }) => [{ kind: 'device-rule', rule: value }, at]),
  devices: (list) => list.map(({ value, at }) => [{ kind: 'device', path: value.source }, at]),
  gpus: requests,
  image: ({ value, at }) => [[{ kind: 'image', reference: value }, at]],
  logging: (logging) => [
    ...loggingDriver(logging),
    ...logAsks(logging).map(([what, option]): Asked => [what, logging.at, `options.${option}`]),
  ],
  networks: (references) =>
    [...references.values()].flatMap(({ value: { driver_opts = {} }, at }) =>
      endpointSysctls(driver_opts[ENDPOINT_SYSCTLS] ?? '').map((name): Asked => [{ kind: 'sysctl', name }, at]),
    ),
  post_start: hooks,
  pre_stop: hooks,
  privileged: ({ value, at }) => (value ? [[{ kind: 'privileged' }, at]] : []),
  runtime: ({ value, at }) => [[{ kind: 'runtime', name: value }, at]],
  security_opt: (list) => list.map(({ value, at }) => [{ kind: 'security-opt', option: value }, at]),
  sysctls: (pairs) => [...pairs].map(([name, { at }]) => [{ kind: 'sysctl', name }, at]),
  volumes_from: (list) =>
    list
      .filter(({ value }) => value.startsWith('container:'))
      .map(({ value, at }) => [{ kind: 'volumes-from', container: value.split(':')[1] ?? '' }, at]),
};

export function asksOf(service: string, fields: Partial<ServiceFields>, where: Where): LocatedAsk[] {
  const keys = Object.keys(ASKED).filter(isKey);
  const asked = keys.flatMap((key) =>
    askedBy(key, fields).map(([what, at, sub]) => ask(sub ? `${key}.${sub}` : key, what, at)),
  );
  const namespaces = NAMESPACES.flatMap(([key, namespace]) => {
    const field = fields[key];
    if (field === undefined || !isOutside(field.value)) return [];
    return [ask(key, { kind: 'namespace', namespace, value: field.value }, field.at)];
  });
  const links = linksOnBridge(fields).map(([what, at]) => ask('external_links', what, at));
  return [...asked, ...namespaces, ...links];

  function ask(key: string, what: AskWhat, at: Place): LocatedAsk {
    return { ...what, service, key: below(where, key).path, at };
  }
}

function askedBy<K extends keyof ServiceFields>(key: K, fields: Partial<ServiceFields>): readonly Asked[] {
  const value: ServiceFields[K] | undefined = fields[key];
  return value === undefined ? [] : (ASKED[key]?.(value) ?? []);
}

function isKey(key: string): key is keyof typeof ASKED {
  return Object.hasOwn(ASKED, key);
}

/** Of the host, or of a container that may belong to anybody; or a form that only other engines know. */
function isOutside(mode: string): boolean {
  return mode === 'host' || (mode.includes(':') && !mode.startsWith('service:'));
}

function loggingDriver({ driver }: Logging): Asked[] {
  if (driver === undefined || BUILT_IN.logging.includes(driver.value)) return [];
  return [[{ kind: 'driver', of: 'logging', name: driver.value }, driver.at, 'driver']];
}

/** Kernel parameters by another way: `net.ipv4.conf.IFNAME.log_martians=1,…` */
const ENDPOINT_SYSCTLS = 'com.docker.network.endpoint.sysctls';

function endpointSysctls(option: string): string[] {
  return option
    .split(',')
    .map((pair) => pair.split('=')[0]?.trim() ?? '')
    .filter((name) => name !== '');
}

/** On a network of its own a link is a name; on the default bridge it shows the other's environment as well. */
function linksOnBridge({ network_mode, external_links = [] }: Partial<ServiceFields>): readonly Asked[] {
  if (network_mode?.value !== 'bridge') return [];
  return external_links.map((link) => [{ kind: 'link', container: link.split(':')[0] ?? '' }, network_mode.at]);
}

/** Without a driver it is the capability that chooses one. What CDI hands out is asked for by name. */
function requests(list: NonNullable<ServiceFields['gpus']>): readonly Asked[] {
  return list.flatMap(({ value: { driver, capabilities, device_ids = [] }, at }): Asked[] =>
    driver === 'cdi'
      ? device_ids.map((path) => [{ kind: 'device', path }, at])
      : [[{ kind: 'device-request', driver: driver ?? capabilities[0] ?? '' }, at]],
  );
}

function hooks(list: ServiceFields['post_start']): readonly Asked[] {
  return list.flatMap(({ privileged }): Asked[] =>
    privileged?.value === true ? [[{ kind: 'privileged' }, privileged.at]] : [],
  );
}
