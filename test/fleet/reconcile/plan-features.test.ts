// What a file asks for and this Engine lacks: held back by name, while everything else goes on.
import { describe, expect, test } from 'vitest';
import type { Network } from '../../../fleet/model/network.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { kiosk, networkOf, on, serviceOf } from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const bind = { type: 'bind', source: '/a', target: '/b', read_only: true, create_host_path: false } as const;
const volume = { type: 'volume', source: null, target: '/v', read_only: false, nocopy: false } as const;
const front = (settings: object): Partial<Service> => ({ networks: { front: { aliases: [], ...settings } } });

const NEWER: readonly (readonly [string, string, string, Partial<Service>])[] = [
  ['annotations', '1.43', '24', { annotations: { a: '1' } }],
  ['healthcheck.start_interval', '1.44', '25', { healthcheck: { start_interval: 1e9 } }],
  ['devices', '1.44', '25', { devices: [{ source: 'a.b/c=d', target: 'a.b/c=d', permissions: 'rwm' }] }],
  ['networks.front.mac_address', '1.44', '25', front({ mac_address: '02:42:ac:11:65:43' })],
  ['volumes./b', '1.44', '25', { mounts: [{ ...bind, recursive: 'readonly' }] }],
  ['volumes./v', '1.45', '26', { mounts: [{ ...volume, subpath: 'some' }] }],
  ['volumes./i', '1.48', '28', { mounts: [{ type: 'image', source: 'nginx:1', target: '/i', read_only: true }] }],
  ['networks.front.gw_priority', '1.48', '28', front({ gw_priority: 1 })],
  ['networks.front.interface_name', '1.49', '28.1', front({ interface_name: 'eth7' })],
];

describe.each(NEWER)('%s', (key, api, docker, parts) => {
  const networks = [networkOf('front')];
  const desired = kiosk([serviceOf('web', parts), serviceOf('other')], { networks });

  test('is held back by name, and other services go on', () => {
    const host = createHost(REGISTRY);
    const { blocked, steps } = host.plan(desired);
    expect(blocked).toEqual([
      {
        resource: 'service:kiosk/web',
        app: 'kiosk',
        reason: 'ReconciliationFailed',
        message: `services.web.${key} needs Engine API ${api} (Docker ${docker}); this host has 1.41`,
      },
    ]);
    expect(steps.map(({ id }) => id)).toContain('start-container kiosk/other');
    expect(steps.filter(({ resource }) => resource === 'service:kiosk/web')).toEqual([]);
    expect(host.text(desired)).toContain(`needs Engine API ${api}`);
  });

  test('is there from that version on', () => {
    const host = createHost(REGISTRY);
    host.world.engine = { ...host.world.engine, apiVersion: api };
    expect(host.plan(desired).blocked).toEqual([]);
    host.converge(desired);
    expect(host.plan(desired).differences).toEqual([]);
  });

  test('leaves what runs as it is', () => {
    const host = createHost(REGISTRY);
    host.converge(kiosk([serviceOf('web'), serviceOf('other')], { networks }));
    const before = host.world.find('kiosk-web-1')?.id;
    host.round(desired);
    expect(host.world.find('kiosk-web-1')).toMatchObject({ id: before, status: 'running' });
  });
});

test('a network that the Engine cannot make is held back with what joins it', () => {
  const host = createHost(REGISTRY);
  const networks: Network[] = [networkOf('front', { enable_ipv4: false })];
  const { blocked, steps } = host.plan(kiosk([serviceOf('web', { networks: on('front') })], { networks }));
  expect(blocked.map(({ message }) => message)).toEqual([
    'networks.front.enable_ipv4 needs Engine API 1.48 (Docker 28); this host has 1.41',
  ]);
  expect(steps).toEqual([]);
});
