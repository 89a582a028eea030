// Every attribute against an image that sets defaults: what is declared equals what is there after the Engine's merge.
import { expect, test } from 'vitest';
import type { Service } from '../../../fleet/model/service.ts';
import { kiosk, serviceOf, tcp, volumeMount, volumeOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import { addStranger } from './support/people.ts';

const DECLARED: Readonly<Record<string, Partial<Service>>> = {
  nothing: {},
  'environment over the image': { environment: { TZ: 'Europe/Berlin', OWN: 'a=b' } },
  'environment as in the image': { environment: { TZ: 'UTC' } },
  'an empty variable': { environment: { TZ: '' } },
  'labels over the image': { labels: { tier: 'own', mine: '1' } },
  user: { user: '1000:1000' },
  'an empty user': { user: '' },
  working_dir: { working_dir: '/opt//app/' },
  'the root as working_dir': { working_dir: '/' },
  hostname: { hostname: 'till' },
  stop_signal: { stop_signal: 'SIGTERM' },
  stop_grace_period: { stop_grace_period: 1.5e9 },
  command: { command: ['run', '--fast'] },
  'an empty command': { command: [] },
  entrypoint: { entrypoint: ['/bin/sh'] },
  'the entrypoint of the image': { entrypoint: ['/entrypoint.sh'] },
  'an empty entrypoint': { entrypoint: [] },
  'entrypoint and command': { entrypoint: ['/bin/sh'], command: ['-c', 'true'] },
  'entrypoint and an empty command': { entrypoint: ['/bin/sh'], command: [] },
  'an empty entrypoint and a command': { entrypoint: [], command: ['run'] },
  'no health check': { healthcheck: { test: ['NONE'] } },
  'one field of the health check': { healthcheck: { interval: 30e9 } },
  'another test': { healthcheck: { test: ['CMD-SHELL', 'curl localhost'], retries: 2 } },
  'zeros in the health check': { healthcheck: { interval: 0, retries: 0, timeout: 1e9, test: [] } },
  'restart: no': { restart: 'no' },
  'restart: on-failure': { restart: 'on-failure' },
  'restart: on-failure:0': { restart: 'on-failure:0' },
  'restart: on-failure:5': { restart: 'on-failure:5' },
  mem_limit: { mem_limit: 1024 ** 3 },
  'no mem_limit': { mem_limit: 0 },
  cpus: { cpus: 0.1 },
  'odd cpus': { cpus: 1 / 3 },
  'no cpus': { cpus: 0 },
  flags: { read_only: true, init: true },
  'flags that are off': { read_only: false, init: false },
  capabilities: { cap_add: ['cap_net_admin', 'SYS_TIME', 'NET_ADMIN'], cap_drop: ['all'] },
  'several bindings of one port': {
    ports: [tcp(80, 8081), tcp(80, 8080), { target: 53, protocol: 'udp' }, { ...tcp(80, 80), host_ip: '127.0.0.1' }],
  },
  'an anonymous volume on a VOLUME of the image': { mounts: [volumeMount('/var/lib/rich', null)] },
  'a named volume on a VOLUME of the image': { mounts: [volumeMount('/var/lib/rich', 'data')] },
  'an anonymous volume': { mounts: [volumeMount('/cache', null)] },
  'binds with and without a host path to be made': {
    mounts: [
      { type: 'bind', source: '/dev/gpio', target: '/dev/gpio', read_only: false, create_host_path: false },
      { type: 'bind', source: '/srv/data', target: '/data', read_only: true, create_host_path: true },
    ],
  },
  tmpfs: { mounts: [{ type: 'tmpfs', target: '/tmp', size: 1024, mode: 0o1777 }] },
  'tmpfs with other options': { mounts: [{ type: 'tmpfs', target: '/tmp', size: 1024, options: 'uid=1000,noexec' }] },
  'a bind with options': {
    mounts: [
      { ...bindOf('/a'), read_only: true, propagation: 'rslave', selinux: 'Z' },
      { ...bindOf('/b'), create_host_path: false, propagation: 'private' },
      { ...bindOf('/c'), recursive: 'disabled' },
      { ...bindOf('/d'), read_only: true, recursive: 'readonly' },
      { ...bindOf('/e'), read_only: true, recursive: 'writable' },
      { ...bindOf('/f'), recursive: 'enabled' },
      { ...bindOf('/g'), source: '/srv/a:b' },
    ],
  },
  'a folder of a volume, without copying': {
    mounts: [{ type: 'volume', target: '/v', source: 'data', read_only: false, nocopy: true, subpath: 'some' }],
  },
  'an image as a mount': {
    mounts: [{ type: 'image', target: '/i', source: 'nginx:1', read_only: true, subpath: 'etc' }],
  },
  platform: { platform: 'linux/arm64' },
  expose: { expose: ['81/tcp', '80/udp'], ports: [tcp(80, 8080)] },
  annotations: { annotations: { b: '2', a: '1' } },
  group_add: { group_add: ['staff', '1000', 'staff'] },
  domainname: { domainname: 'example' },
  names: { dns: ['9.9.9.9', '1.1.1.1'], dns_opt: ['use-vc'], dns_search: ['b', 'a'] },
  extra_hosts: { extra_hosts: ['b:10.0.0.2', 'a:10.0.0.1'] },
  logging: { logging: { driver: 'local', options: { 'max-size': '1m' } } },
  'options of the default log driver': { logging: { options: { 'max-size': '1m' } } },
  'an empty log driver': { logging: { driver: '' } },
  security_opt: { security_opt: ['no-new-privileges', 'seccomp:unconfined', 'systempaths=unconfined'] },
  'a seccomp profile': { security_opt: ['seccomp={"defaultAction": "SCMP_ACT_ALLOW"}'] },
  privileged: { privileged: true },
  devices: {
    devices: [
      { source: '/dev/b', target: '/dev/b', permissions: 'rwm' },
      { source: '/dev/a', target: '/dev/x', permissions: 'r' },
      { source: 'vendor.com/class=name', target: 'vendor.com/class=name', permissions: 'rwm' },
    ],
    device_requests: [
      { driver: 'nvidia', count: -1, capabilities: ['gpu', 'compute'] },
      { device_ids: ['1', '0'], capabilities: ['gpu'], options: { b: '2', a: '1' } },
    ],
    device_cgroup_rules: ['c 1:3 mr', 'a 7:* rmw'],
  },
  settings: { sysctls: { 'net.core.somaxconn': '1024' }, storage_opt: { size: '1G' }, cgroup_parent: '/own' },
  ulimits: { ulimits: { nofile: { soft: 1, hard: 2 }, core: { soft: 0, hard: 0 } } },
  namespaces: { ipc: 'host', pid: 'host', uts: 'host', userns_mode: 'host', cgroup: 'private', runtime: 'other' },
  'the network of the host': { network_mode: 'host' },
  'no network': { network_mode: 'none' },
  'the default bridge': { network_mode: 'bridge' },
  'the default bridge with a link': { network_mode: 'bridge', external_links: ['someone:db'] },
  terminal: { tty: true, stdin_open: true },
  'terminal, off': { tty: false, stdin_open: false, privileged: false, oom_kill_disable: false },
  memory: { mem_limit: 1024 ** 3, mem_reservation: 1024 ** 2, memswap_limit: -1, mem_swappiness: 10, shm_size: 1024 },
  'memory left to the Engine': { mem_limit: 0, memswap_limit: 0, mem_swappiness: -1, shm_size: 0 },
  'out of memory': { oom_kill_disable: true, oom_score_adj: -5 },
  pids_limit: { pids_limit: 50 },
  'no pids_limit': { pids_limit: -1 },
  'pids_limit of nothing': { pids_limit: 0 },
  processors: {
    cpu_shares: 512,
    cpu_period: 1000,
    cpu_quota: 5000,
    cpu_rt_period: 9,
    cpu_rt_runtime: 8,
    cpuset: '0,1',
  },
  'block devices': {
    blkio_config: {
      weight: 300, // which the kernel of the world drops
      weight_device: [{ path: '/dev/sda', weight: 10 }],
      device_read_bps: [{ path: '/dev/sda', rate: 1 }],
      device_read_iops: [{ path: '/dev/sda', rate: 2 }],
      device_write_bps: [{ path: '/dev/sdb', rate: 3 }],
      device_write_iops: [{ path: '/dev/sda', rate: 4 }],
    },
  },
  hooks: { post_start: [{ command: ['a'] }], pre_stop: [{ command: ['b'], user: '1' }] },
  'a faster check at the start': { healthcheck: { start_interval: 1e9 } },
};

function bindOf(target: string) {
  return { type: 'bind', source: '/srv/data', target, read_only: false, create_host_path: true } as const;
}

/** A host with an Engine that knows all of it, and one whose outsider others may link to. */
function newest(): Host {
  const host = createHost(REGISTRY);
  host.world.engine = { ...host.world.engine, apiVersion: '1.52' };
  addStranger(host, 'someone', {});
  return host;
}

test.each(Object.entries(DECLARED))('%s makes no false difference', (_name, parts) => {
  const host = newest();
  const desired = kiosk([serviceOf('app', { image: 'rich:1', ...parts })], { volumes: [volumeOf('data')] });
  host.converge(desired);
  expect(host.plan(desired).differences).toEqual([]);
  expect(host.plan(desired).blocked).toEqual([]);
  expect(host.world.machines.size).toBe(2);
});

test.each(Object.entries(DECLARED))('%s can be taken back, and then makes no difference', (_name, parts) => {
  const host = newest();
  const volumes = [volumeOf('data')];
  const plain = kiosk([serviceOf('app', { image: 'rich:1' })], { volumes });
  host.converge(kiosk([serviceOf('app', { image: 'rich:1', ...parts })], { volumes }));
  host.converge(plain);
  expect(host.plan(plain).differences).toEqual([]);
  const fresh = newest();
  fresh.converge(plain);
  const shown = (from: typeof host) => {
    const { Env, Labels, Hostname: _, ...config } = from.world.find('kiosk-app-1')?.config ?? {};
    const { 'io.holdfast.spec': spec, ...labels } = Labels ?? {};
    return { ...config, Env: [...(Env ?? [])].sort(), labels, spec: typeof spec };
  };
  expect(shown(host)).toEqual(shown(fresh));
});

test('a bind whose host path may be made says so in the form that every Engine understands', () => {
  const host = createHost(REGISTRY);
  const bind = { type: 'bind', source: '/srv/data', target: '/data', read_only: true, create_host_path: true } as const;
  const [, create] = host.plan(kiosk([serviceOf('app', { mounts: [bind] })])).steps;
  expect(create?.kind === 'create-container' ? create.body.HostConfig : null).toMatchObject({
    Binds: ['/srv/data:/data:ro'],
    Mounts: [],
  });
});
