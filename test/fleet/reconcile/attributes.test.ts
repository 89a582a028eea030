// Every attribute against an image that sets defaults: what is declared equals what is there after the Engine's merge.
import { expect, test } from 'vitest';
import type { Service } from '../../../fleet/model/desired.ts';
import { kiosk, serviceOf, tcp, volumeMount, volumeOf } from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

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
};

test.each(Object.entries(DECLARED))('%s makes no false difference', (_name, parts) => {
  const host = createHost(REGISTRY);
  const desired = kiosk([serviceOf('app', { image: 'rich:1', ...parts })], { volumes: [volumeOf('data')] });
  host.converge(desired);
  expect(host.plan(desired).differences).toEqual([]);
  expect(host.world.machines.size).toBe(1);
});

test.each(Object.entries(DECLARED))('%s can be taken back, and then makes no difference', (_name, parts) => {
  const host = createHost(REGISTRY);
  const volumes = [volumeOf('data')];
  const plain = kiosk([serviceOf('app', { image: 'rich:1' })], { volumes });
  host.converge(kiosk([serviceOf('app', { image: 'rich:1', ...parts })], { volumes }));
  host.converge(plain);
  expect(host.plan(plain).differences).toEqual([]);
  const fresh = createHost(REGISTRY);
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
