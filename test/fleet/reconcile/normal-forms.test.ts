// What Engines say in other words than files do, and what hosts cannot keep: none of it is drift.
import { describe, expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { LABEL } from '../../../fleet/names.ts';
import { announced } from '../../../fleet/reconcile/inventory-item.ts';
import { appOf, desiredOf, kiosk, networkOf, on, serviceOf, volumeMount, volumeOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import type { Machine } from './support/machine.ts';
import { addStranger } from './support/people.ts';

function converged(desired: Desired): { host: Host; web: Machine } {
  const host = createHost(REGISTRY);
  addStranger(host, 'someone', {});
  host.converge(desired);
  const web = host.world.find('kiosk-web-1');
  if (web === undefined) throw new Error('no container');
  return { host, web };
}

const one = (parts: Partial<Service>, networks = [networkOf('front')]) =>
  kiosk([serviceOf('web', parts)], { networks });

/** How the Engine shows a container that was made as declared. */
const SHOWN: readonly (readonly [string, Partial<Service>, (web: Machine) => void])[] = [
  [
    'an address of a port in its short form',
    { ports: [{ target: 80, protocol: 'tcp', published: 80, host_ip: '0:0:0:0:0:0:0:1' }] },
    ({ host }) => {
      host.PortBindings = { '80/tcp': [{ HostIp: '::1', HostPort: '80' }] };
    },
  ],
  [
    'an address of a network in its short form',
    { networks: { front: { aliases: [], ipv6_address: 'FD00:0::0009' } } },
    ({ endpoints }) => {
      const front = endpoints.get('kiosk_front');
      endpoints.set('kiosk_front', { ...front, IPAMConfig: { IPv6Address: 'fd00::9' } });
    },
  ],
  [
    'settings of its own on an endpoint',
    { networks: on('front') },
    ({ endpoints }) => {
      const front = endpoints.get('kiosk_front');
      endpoints.set('kiosk_front', { ...front, DriverOpts: { 'com.docker.network.endpoint.sysctls': 'x' } });
    },
  ],
  [
    'options of the log driver that are the daemon’s',
    { logging: { driver: 'json-file', options: { 'max-size': '1m' } } },
    ({ host }) => {
      host.LogConfig = { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '3' } };
    },
  ],
  [
    'limits of processes that are the daemon’s',
    { ulimits: { core: { soft: 0, hard: 0 } } },
    ({ host }) => {
      host.Ulimits = [
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nofile', Soft: 1024, Hard: 1024 },
      ];
    },
  ],
  [
    'labels that are turned off for who shares memory with the host',
    { ipc: 'host', security_opt: ['no-new-privileges'] },
    ({ host }) => {
      host.SecurityOpt = ['no-new-privileges', 'label=disable'];
    },
  ],
  [
    'capabilities in full',
    { cap_add: ['net_admin'] },
    ({ host }) => {
      host.CapAdd = ['CAP_NET_ADMIN'];
    },
  ],
  [
    'no swappiness, which cgroup v2 does not have',
    { mem_swappiness: 10 },
    ({ host }) => {
      host.MemorySwappiness = null;
    },
  ],
  [
    'no rates of block devices, which the kernel does not have',
    { blkio_config: { device_read_bps: [{ path: '/dev/sda', rate: 1 }] } },
    ({ host }) => {
      host.BlkioDeviceReadBps = [];
    },
  ],
];

test.each(SHOWN)('%s', (_, parts, show) => {
  const desired = one(parts);
  const { host, web } = converged(desired);
  show(web);
  expect(host.plan(desired).differences).toEqual([]);
});

test('an image that is gone exposes whatever the file does not name', () => {
  const desired = one({ expose: ['81/tcp'] });
  const { host, web } = converged(desired);
  web.config.ExposedPorts = { '81/tcp': {}, '80/tcp': {} };
  host.world.images.clear();
  host.world.registry.clear();
  expect(host.plan(desired).differences).toEqual([]);
});

describe('limits that the kernel of the host cannot keep', () => {
  test('are no drift where the Engine says so', () => {
    const desired = one({ memswap_limit: 2 ** 30, mem_limit: 2 ** 29 });
    const { host, web } = converged(desired);
    web.host.MemorySwap = -1;
    expect(host.plan(desired).differences).toHaveLength(1);
    host.world.engine = { ...host.world.engine, drops: ['memswap_limit'] };
    expect(host.plan(desired).differences).toEqual([]);
  });

  test('are no change either, right after the container was made with them', () => {
    const desired = one({ blkio_config: { weight: 300 } });
    const { host, web } = converged(desired);
    web.host.BlkioWeight = 0;
    host.inventory = host.inventory.map((item) => announced(item, item));
    expect(host.plan(desired).differences).toEqual([]);
    web.config.Labels = { ...web.config.Labels, [LABEL.spec]: 'of another declaration' };
    expect(host.plan(desired).differences).toMatchObject([{ field: 'blkio_config.weight', origin: 'change' }]);
  });
});

test('what a container was lent goes with its lender, as the change that it is', () => {
  const db = serviceOf('db', { mounts: [volumeMount('/base', 'stuff')] });
  const borrows = (parts: Partial<Service>) => kiosk([db, serviceOf('web', parts)], { volumes: [volumeOf('stuff')] });
  const { host, web } = converged(borrows({ volumes_from: ['db'] }));
  expect(web.host.VolumesFrom).toEqual(['kiosk-db-1:rw']);
  Object.assign(web, { mounts: host.world.find('kiosk-db-1')?.mounts });
  expect(host.plan(borrows({ volumes_from: ['db'] })).differences).toEqual([]);
  const { differences } = host.plan(borrows({}));
  expect(differences.map(({ field, origin }) => [field, origin])).toEqual([['volumes_from', 'change']]);
});

test('an address that Git takes away is no longer wanted', () => {
  const mac_address = '02:42:ac:11:65:43';
  const { host, web } = converged(one({ networks: on('front'), mac_address }));
  web.config.MacAddress = mac_address;
  expect(host.text(one({ networks: on('front') }))).toContain(`mac_address: ${mac_address} → none`);
});

describe('an image of several platforms', () => {
  const desired = one({ platform: 'linux/arm64/v8' });
  const image = { Os: 'linux', Architecture: 'amd64' };

  test.each([
    ['arm64', 0],
    ['amd64', 1],
  ])('runs for %s', (architecture, differences) => {
    const { host, web } = converged(desired);
    const registry = [...host.world.images].map(([name, one]) => [name, { ...one, ...image }] as const);
    for (const [name, one] of registry) host.world.images.set(name, one);
    web.platform = { os: 'linux', architecture };
    expect(host.plan(desired).differences).toHaveLength(differences);
  });
});

describe('what other containers are called', () => {
  test('one that shares a namespace is shown by its service, whatever the file says now', () => {
    const base = serviceOf('base');
    const app = (parts: Partial<Service>) => desiredOf([appOf('kiosk', { services: [base, serviceOf('web', parts)] })]);
    const { host } = converged(app({ pid: 'service:base' }));
    expect(host.text(app({}))).toContain('pid: service:base → ""');
    expect(host.text(app({ pid: 'container:someone' }))).toContain('pid: service:base → container:someone');
  });

  test('a container that is not there is waited for', () => {
    const { host } = converged(one({}));
    const { blocked, steps } = host.plan(one({ network_mode: 'container:nobody' }));
    expect(steps).toEqual([]);
    expect(blocked.map(({ reason, message }) => [reason, message])).toEqual([
      [
        'DependencyNotReady',
        'services.web.network_mode names the container "nobody", which does not exist on this host',
      ],
    ]);
  });
});

describe('networks', () => {
  test.each([
    ['a pool that leaves the subnet to the Engine', { config: [{ ip_range: '10.1.5.0/24' }] }],
    ['no pool', { config: [] }],
    ['an IPv6 subnet in another spelling', { config: [{ subnet: 'FD00:0::/64', gateway: 'fd00::0001' }] }],
    ['the default driver by its name', { driver: 'default', config: [] }],
  ])('%s makes no difference', (_, ipam) => {
    const desired = one({ networks: on('front') }, [networkOf('front', { ipam })]);
    const { host } = converged(desired);
    const [network] = host.world.networks.values();
    if (network === undefined) throw new Error('no network');
    const chosen = { Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' };
    const config = ipam.config.some((pool) => 'subnet' in pool) ? [{ Subnet: 'fd00::/64', Gateway: 'fd00::1' }] : [];
    host.world.networks.set(network.Id, {
      ...network,
      IPAM: { Driver: 'default', Options: null, Config: [...config, chosen] },
    });
    expect(host.plan(desired).differences).toEqual([]);
  });
});
