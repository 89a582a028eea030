// Values of a service's keys that have a shape of their own, mostly right.
import fc from 'fast-check';
import { any, entries, flag, list, listOf, name, number, oneOf, pairs, text, words } from './values.ts';

export const duration = words('10s', '1m30s', '0', '500ms', '1.5h', '-1s', '9999999999h', '5', '');
export const size = oneOf(words('64m', '1g', '1.5gb', '0', '-1', '2kib', '99999999999999999g', 'b'), number);
export const port = oneOf(
  number,
  words(
    '80',
    '80:80',
    '8000-8010:80-90',
    '127.0.0.1:80:80',
    '[::1]:80:80',
    ':80:80',
    '80/udp',
    '1-65535:1-65535',
    '80:90-80',
    '::',
    '8000-9000:80',
    '127.0.0.1::80',
  ),
  entries({
    target: oneOf(number, words('80', '80-90')),
    published: oneOf(number, words('80', '8000-8010', '')),
    protocol: words('tcp', 'udp', 'x'),
    host_ip: words('127.0.0.1', '::1', 'x'),
    mode: words('host', 'ingress'),
    name,
    app_protocol: name,
  }),
);
const mode = oneOf(words('0440', '0o644', '777', '9'), number);
export const mount = oneOf(
  words(
    '/a',
    'data:/b',
    './conf:/c:ro',
    '../x:/y',
    '~/z:/z',
    '/:/host:rslave,Z',
    'a:b:c:d',
    ':',
    '',
    'C:\\x:/w',
    './b.yaml:/b.yaml',
    'data:/b:nocopy,cached',
  ),
  entries({
    type: words('bind', 'volume', 'tmpfs', 'npipe', 'cluster', 'image', 'x'),
    source: words('data', './conf', '/etc', '../..', 'nginx:1.27', ''),
    target: words('/a', 'a', '/', '/a/../b', ''),
    read_only: flag,
    consistency: name,
    bind: entries({
      propagation: words('rshared', 'x'),
      create_host_path: flag,
      selinux: words('z', 'Z', 'q'),
      recursive: words('readonly', 'x'),
    }),
    volume: entries({ nocopy: flag, subpath: words('a', '../a', '/a'), labels: pairs }),
    tmpfs: entries({ size, mode }),
    image: entries({ subpath: text }),
  }),
);
export const grant = oneOf(
  name,
  entries({
    source: name,
    target: words('/x', 'x', '../x', ''),
    uid: oneOf(number, words('0', 'x')),
    gid: number,
    mode,
  }),
);
export const device = entries({
  driver: name,
  count: oneOf(number, words('all', 'x')),
  device_ids: list,
  capabilities: oneOf(listOf(words('gpu', 'compute')), listOf(list)),
  options: pairs,
});
export const hook = entries({
  command: oneOf(text, list),
  user: text,
  privileged: flag,
  working_dir: text,
  environment: pairs,
});
export const rate = listOf(entries({ path: words('/dev/sda', 'x'), rate: size, weight: number }));
const limits = entries({
  cpus: oneOf(number, words('0.5', 'x')),
  memory: size,
  pids: number,
  devices: listOf(device),
  generic_resources: any,
});
const policy = entries({
  condition: words('any', 'none', 'on-failure', 'x'),
  delay: duration,
  max_attempts: number,
  window: duration,
});
const rollout = entries({
  parallelism: number,
  delay: duration,
  failure_action: name,
  monitor: duration,
  max_failure_ratio: number,
  order: words('start-first', 'stop-first'),
});
export const deploy = entries({
  mode: words('replicated', 'global', 'x'),
  endpoint_mode: words('vip', 'dnsrr'),
  replicas: oneOf(fc.integer({ min: -1, max: 4 }), number),
  labels: pairs,
  update_config: rollout,
  rollback_config: rollout,
  resources: entries({ limits, reservations: limits }),
  restart_policy: policy,
  placement: entries({ constraints: list, preferences: any, max_replicas_per_node: number }),
});
export const space = words(
  'host',
  'private',
  'none',
  'bridge',
  'shareable',
  'service:db',
  'service:web',
  'service:',
  'container:x',
  'x',
  '',
);
export const attachment = entries({
  aliases: list,
  ipv4_address: words('10.0.0.2', 'x'),
  ipv6_address: words('fd00::2', ':'),
  link_local_ips: list,
  mac_address: words('02:42:ac:11:65:43', 'x'),
  driver_opts: pairs,
  priority: number,
  gw_priority: number,
  interface_name: text,
});
export const condition = entries({
  condition: words('service_started', 'service_healthy', 'service_completed_successfully', 'x'),
  restart: flag,
  required: flag,
});
