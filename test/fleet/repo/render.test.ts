import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Desired, DesiredApp } from '../../../fleet/model/desired.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { renderDesired } from '../../../fleet/repo/render/desired.ts';
import { duration } from '../../../fleet/repo/render/plain.ts';
import type { Resolution } from '../../../fleet/repo/resolve.ts';
import { desiredOf, resolveCompose, resolveFiles, web } from './resolving.ts';

/** As `holdfast render` shows it: with what the files say. */
function rendered(resolution: Resolution): Record<string, unknown> {
  return renderDesired(desiredOf(resolution), resolution.kind === 'resolved' ? resolution.declared : new Map());
}

const ALL = `command: []
environment: {A: "1"}
ports: ["127.0.0.1:8080:80"]
volumes: ["data:/d", /srv:/srv:ro, ./conf:/conf, ./db:/db]
tmpfs: /run:mode=700
healthcheck: {test: curl x, interval: 90s}
stop_grace_period: 1m
configs: [motd]`;

describe('renderDesired', () => {
  it('writes what the file says, resolved, in Compose words', () => {
    const rest = 'volumes: {data: }\nconfigs: {motd: {content: hi}}\n';
    const text = stringify(rendered(resolveCompose(web(ALL, rest), { 'devices/edge-01/conf/a': 'a' })));
    expect(text).toMatchInlineSnapshot(`
      "device: edge-01
      revision: main@sha1:0123456789012345678901234567890123456789
      apps:
        - name: edge-01
          services:
            web:
              command: []
              configs:
                - source: motd
              entrypoint: null
              environment:
                A: "1"
              healthcheck:
                test:
                  - CMD-SHELL
                  - curl x
                interval: 1m30s
              image: nginx:1.27
              networks:
                default: null
              ports:
                - mode: ingress
                  host_ip: 127.0.0.1
                  target: 80
                  published: "8080"
                  protocol: tcp
              stop_grace_period: 1m0s
              tmpfs:
                - /run:mode=700
              volumes:
                - type: volume
                  source: data
                  target: /d
                  volume: {}
                - type: bind
                  source: /srv
                  target: /srv
                  read_only: true
                  bind:
                    create_host_path: true
                - type: bind
                  source: ./conf
                  target: /conf
                  bind:
                    create_host_path: true
                  x-holdfast:
                    kind: folder
                    id: b8a51f54103b9a253ec869be417d6a84814e59d8
                - type: bind
                  source: ./db
                  target: /db
                  bind:
                    create_host_path: true
                  x-holdfast:
                    kind: data
          networks:
            default:
              name: edge-01_default
              ipam: {}
          volumes:
            data:
              name: edge-01_data
          configs:
            motd:
              name: edge-01_motd
              content: hi
              x-holdfast:
                id: 32f95c0d1244a78b2be1bab8de17906fabb2c4a8
          x-holdfast:
            drift: correct
            strategy: stop-first
            health_timeout: 1m
            rollback: true
      x-holdfast:
        origins:
          apps.edge-01: devices/edge-01/compose.yaml
      "
    `);
  });

  it('resolves again to the same service', () => {
    const lines = 'user: "1"\ncap_add: [A]\nhealthcheck: {test: a, retries: 2, timeout: 1500ms}\nports: ["80:80", 81]';
    const resolution = resolveCompose(web(`${lines}\nvolumes: ["data:/d:ro", "/s:/s"]`, 'volumes: {data: }\n'));
    const first = desiredOf(resolution);
    const [app] = rendered(resolution).apps as { services: object; volumes: object }[];
    const again = desiredOf(
      resolveFiles({ 'compose.yaml': stringify({ services: app?.services, volumes: app?.volumes }) }),
    );
    expect(again).toEqual(first);
  });
});

const EVERY: Required<Service> = {
  name: 'web',
  number: 1,
  container_name: 'front',
  image: 'nginx:1.27',
  pull_policy: 'always',
  platform: 'linux/arm64',
  command: ['serve', '--token', 'abc'],
  entrypoint: [],
  environment: { A: '1', DB_PASSWORD: 'hunter2', URL: 'mysql://u:pw@db/x' },
  ports: [{ target: 80, protocol: 'tcp' }],
  expose: ['53/udp', '80/tcp'],
  mounts: [
    { type: 'volume', target: '/v', read_only: true, source: 'data', nocopy: true, subpath: 'a' },
    { type: 'volume', target: '/w', read_only: false, source: null, nocopy: false },
    {
      type: 'bind',
      target: '/b',
      read_only: false,
      source: '/srv',
      create_host_path: false,
      propagation: 'rslave',
      selinux: 'z',
      recursive: 'disabled',
    },
    { type: 'data', target: '/d', read_only: false, source: 'db' },
    { type: 'tmpfs', target: '/t', size: 65536, mode: 0o1777, options: 'uid=7,noexec' },
    { type: 'image', target: '/i', read_only: true, source: 'busybox', subpath: 'bin' },
    {
      type: 'content',
      target: '/c',
      read_only: true,
      content: {
        kind: 'file',
        id: 'f1',
        path: 'apps/a',
        oid: 'o',
        mode: '100644',
        access: { uid: 7, gid: 8, mode: 0o440 },
      },
    },
    {
      type: 'content',
      target: '/run/secrets/pin',
      read_only: true,
      content: {
        kind: 'secret',
        id: 's1',
        path: 'secrets/pin',
        bytes: 'czNjcjN0',
        access: { uid: 0, gid: 0, mode: 0o400 },
      },
    },
    {
      type: 'content',
      target: '/motd',
      read_only: true,
      content: { kind: 'inline', id: 'i1', path: 'configs/motd', text: 'pin is s3cr3t!', mode: '100755' },
    },
  ],
  networks: { back: { aliases: [] }, front: { aliases: ['www'], ipv4_address: '10.0.0.9', gw_priority: 1 } },
  network_mode: 'host',
  mac_address: '02:42:ac:11:00:02',
  links: ['db:database'],
  external_links: ['other:o'],
  depends_on: {
    cache: { condition: 'service_healthy', restart: true, required: false },
    db: { condition: 'service_started', restart: false, required: true },
  },
  restart: 'on-failure:3',
  labels: { a: 'b' },
  annotations: { c: 'd' },
  user: '1000:1000',
  group_add: ['audio'],
  working_dir: '/srv',
  hostname: 'h',
  domainname: 'example.com',
  dns: ['1.1.1.1'],
  dns_opt: ['ndots:1'],
  dns_search: ['lan'],
  extra_hosts: ['six:::1', 'some:10.0.0.1'],
  healthcheck: {
    test: ['CMD', 'true'],
    interval: 60e9,
    timeout: 1.5e9,
    start_period: 3600e9,
    start_interval: 250e6,
    retries: 3,
  },
  post_start: [{ command: ['a'], user: 'root', privileged: true, working_dir: '/', environment: { A: '1' } }],
  pre_stop: [{ command: ['b'], privileged: false }],
  logging: { driver: 'json-file', options: { 'max-size': '1m' } },
  privileged: true,
  read_only: false,
  cap_add: ['NET_ADMIN'],
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  devices: [{ source: '/dev/a', target: '/dev/b', permissions: 'rw' }],
  device_cgroup_rules: ['c 1:3 mr'],
  device_requests: [{ driver: 'nvidia', count: -1, capabilities: ['gpu'] }],
  sysctls: { 'net.core.somaxconn': '1024' },
  ulimits: { nofile: { soft: 1, hard: 2 }, nproc: { soft: 5, hard: 5 } },
  ipc: 'host',
  pid: 'host',
  uts: 'host',
  userns_mode: 'host',
  cgroup: 'host',
  cgroup_parent: '/x',
  runtime: 'runc',
  init: false,
  tty: true,
  stdin_open: true,
  storage_opt: { size: '1G' },
  volumes_from: ['db:ro'],
  mem_limit: 64 * 1024 ** 2,
  mem_reservation: 1024,
  mem_swappiness: 60,
  memswap_limit: -1,
  shm_size: 2048,
  oom_kill_disable: true,
  oom_score_adj: -500,
  pids_limit: 100,
  cpus: 0.5,
  cpu_shares: 512,
  cpu_period: 100_000,
  cpu_quota: 50_000,
  cpu_rt_period: 1,
  cpu_rt_runtime: 2,
  cpuset: '0,1',
  blkio_config: {
    weight: 300,
    weight_device: [{ path: '/dev/sda', weight: 400 }],
    device_read_bps: [{ path: '/dev/sda', rate: 1024 }],
  },
  stop_grace_period: 90e9,
  stop_signal: 'SIGINT',
  reload: 'SIGHUP',
};

const BIND = { create_host_path: true };

/** As compose-go's types marshal them. */
const RENDERED = {
  annotations: { c: 'd' },
  blkio_config: {
    weight: 300,
    weight_device: [{ path: '/dev/sda', weight: 400 }],
    device_read_bps: [{ path: '/dev/sda', rate: '1024' }],
  },
  cap_add: ['NET_ADMIN'],
  cap_drop: ['ALL'],
  cgroup: 'host',
  cgroup_parent: '/x',
  command: ['serve', '--token', 'abc'],
  configs: [{ source: 'motd', target: '/motd', mode: '0755' }],
  container_name: 'front',
  cpu_period: 100_000,
  cpu_quota: 50_000,
  cpu_rt_period: 1,
  cpu_rt_runtime: 2,
  cpu_shares: 512,
  cpus: 0.5,
  cpuset: '0,1',
  depends_on: {
    cache: { condition: 'service_healthy', restart: true, required: false },
    db: { condition: 'service_started', required: true },
  },
  deploy: { resources: { reservations: { devices: [{ capabilities: ['gpu'], driver: 'nvidia', count: -1 }] } } },
  device_cgroup_rules: ['c 1:3 mr'],
  devices: [{ source: '/dev/a', target: '/dev/b', permissions: 'rw' }],
  dns: ['1.1.1.1'],
  dns_opt: ['ndots:1'],
  dns_search: ['lan'],
  domainname: 'example.com',
  entrypoint: [],
  environment: { A: '1', DB_PASSWORD: 'hunter2', URL: 'mysql://u:pw@db/x' },
  expose: ['53/udp', '80'],
  external_links: ['other:o'],
  extra_hosts: ['six=::1', 'some=10.0.0.1'],
  group_add: ['audio'],
  healthcheck: {
    test: ['CMD', 'true'],
    timeout: '1.5s',
    interval: '1m0s',
    retries: 3,
    start_period: '1h0m0s',
    start_interval: '250ms',
  },
  hostname: 'h',
  image: 'nginx:1.27',
  init: false,
  ipc: 'host',
  labels: { a: 'b' },
  links: ['db:database'],
  logging: { driver: 'json-file', options: { 'max-size': '1m' } },
  mac_address: '02:42:ac:11:00:02',
  mem_limit: '67108864',
  mem_reservation: '1024',
  mem_swappiness: '60',
  memswap_limit: '-1',
  network_mode: 'host',
  networks: { back: null, front: { aliases: ['www'], ipv4_address: '10.0.0.9', gw_priority: 1 } },
  oom_kill_disable: true,
  oom_score_adj: -500,
  pid: 'host',
  pids_limit: 100,
  platform: 'linux/arm64',
  ports: [{ mode: 'ingress', target: 80, protocol: 'tcp' }],
  post_start: [{ command: ['a'], user: 'root', privileged: true, working_dir: '/', environment: { A: '1' } }],
  pre_stop: [{ command: ['b'] }],
  privileged: true,
  pull_policy: 'always',
  restart: 'on-failure:3',
  runtime: 'runc',
  scale: 2,
  secrets: [{ source: 'pin', target: '/run/secrets/pin', uid: '0', gid: '0', mode: '0400' }],
  security_opt: ['no-new-privileges:true'],
  shm_size: '2048',
  stdin_open: true,
  stop_grace_period: '1m30s',
  stop_signal: 'SIGINT',
  storage_opt: { size: '1G' },
  sysctls: { 'net.core.somaxconn': '1024' },
  tmpfs: ['/t:size=65536,mode=1777,uid=7,noexec'],
  tty: true,
  ulimits: { nofile: { soft: 1, hard: 2 }, nproc: 5 },
  user: '1000:1000',
  userns_mode: 'host',
  uts: 'host',
  volumes: [
    { type: 'volume', source: 'data', target: '/v', read_only: true, volume: { nocopy: true, subpath: 'a' } },
    { type: 'volume', target: '/w', volume: {} },
    {
      type: 'bind',
      source: '/srv',
      target: '/b',
      bind: { create_host_path: false, propagation: 'rslave', selinux: 'z', recursive: 'disabled' },
    },
    { type: 'bind', source: './db', target: '/d', bind: BIND, 'x-holdfast': { kind: 'data' } },
    { type: 'image', source: 'busybox', target: '/i', read_only: true, image: { subpath: 'bin' } },
    {
      type: 'bind',
      source: './apps/a',
      target: '/c',
      read_only: true,
      bind: BIND,
      'x-holdfast': { kind: 'file', id: 'f1', uid: '7', gid: '8', mode: '0440' },
    },
  ],
  volumes_from: ['db:ro'],
  working_dir: '/srv',
  'x-holdfast-reload': 'SIGHUP',
};

function desiredWith(app: Partial<DesiredApp>, over: Partial<Desired> = {}): Desired {
  const bare = desiredOf(resolveCompose(web('')));
  const [first] = bare.apps;
  if (first === undefined) throw new Error('no app');
  return { ...bare, apps: [{ ...first, ...app }], ...over };
}

describe('every field of the model', () => {
  const app = (desired: Desired) => (renderDesired(desired).apps as Record<string, unknown>[])[0];
  const services = [EVERY, { ...EVERY, number: 2, container_name: 'front-2' }];

  it('of a service is rendered as Compose prints it, its containers as one', () => {
    const rendered = app(desiredWith({ services }, { secretValues: ['s3cr3t'] }));
    expect(rendered?.services).toEqual({ web: RENDERED });
    const [service = {}] = Object.values(rendered?.services ?? {}) as object[];
    expect(Object.keys(service)).toEqual(Object.keys(RENDERED).sort());
  });

  it('of networks and volumes is rendered', () => {
    const opts = { driver_opts: { o: 'x' }, labels: { a: 'b' } };
    const ipam = { driver: 'default', options: { k: 'v' }, config: [{ subnet: '10.0.0.0/24', gateway: '10.0.0.1' }] };
    const flags = { external: false, internal: true, attachable: true, enable_ipv4: false, enable_ipv6: true };
    const rendered = app(
      desiredWith({
        networks: [{ key: 'front', name: 'n', driver: 'bridge', ...opts, ipam, ...flags }],
        volumes: [{ key: 'data', name: 'd', driver: 'local', ...opts, external: true }],
      }),
    );
    expect(rendered?.networks).toEqual({
      front: {
        name: 'n',
        driver: 'bridge',
        ...opts,
        ipam,
        internal: true,
        attachable: true,
        enable_ipv4: false,
        enable_ipv6: true,
      },
    });
    expect(rendered?.volumes).toEqual({ data: { name: 'd', driver: 'local', ...opts, external: true } });
  });

  it('of settings is rendered, with where it came from', () => {
    const origins = { interval: 'fleet.yaml:1' };
    const settings = { labels: { a: 'b' }, intervalMs: 90_000, suspend: true, origins };
    const rendered = renderDesired(
      desiredWith(
        {
          drift: 'warn',
          dependsOn: ['db'],
          strategy: 'start-first',
          healthTimeoutMs: 5000,
          rollback: false,
          ignore: ['a.b'],
        },
        settings,
      ),
    );
    expect(rendered).toMatchObject({ labels: { a: 'b' }, interval: '1m30s', suspend: true, 'x-holdfast': { origins } });
    expect((rendered.apps as Record<string, unknown>[])[0]?.['x-holdfast']).toEqual({
      drift: 'warn',
      depends_on: ['db'],
      strategy: 'start-first',
      health_timeout: '5s',
      rollback: false,
      ignore: ['a.b'],
    });
  });
});

describe('secrets', () => {
  const desired = desiredWith({ services: [EVERY] }, { secretValues: ['s3cr3t', '1'] });

  it('out of secret files are masked wherever they stand', () => {
    const text = JSON.stringify(renderDesired(desired));
    expect(text).not.toMatch(/s3cr3t|czNjcjN0/);
    expect(text).toContain('pin is (redacted)!');
  });

  it('that are short are masked where they are all of a text only', () => {
    const { services } = (renderDesired(desired).apps as { services: { web: Service } }[])[0] ?? {};
    expect(services?.web).toMatchObject({ environment: { A: '(redacted)' }, image: 'nginx:1.27' });
  });

  it('that the repository holds in the clear are shown, as Compose does', () => {
    expect(JSON.stringify(renderDesired(desired))).toMatch(/hunter2.*:pw@/);
  });
});

it.each([
  [0, '0s'],
  [1, '1ns'],
  [1500, '1.5µs'],
  [250e6, '250ms'],
  [1e9, '1s'],
  [60e9, '1m0s'],
  [90.5e9, '1m30.5s'],
  [3600e9, '1h0m0s'],
  [100 * 3600e9, '100h0m0s'],
])('%d nanoseconds are %s, as Go prints them', (ns, text) => {
  expect(duration(ns)).toBe(text);
});
