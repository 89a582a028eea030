// What is planned when Git moves: services that are replaced, mended in place, or moved onto new resources.
import { expect, test } from 'vitest';
import type { Service } from '../../../fleet/model/service.ts';
import {
  appOf,
  contentMount,
  desiredOf,
  kiosk,
  needs,
  networkOf,
  on,
  serviceOf,
  tcp,
  volumeMount,
  volumeOf,
} from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const NETWORKS = [networkOf('front'), networkOf('back')];
const VOLUMES = [volumeOf('data'), volumeOf('logs')];
const WEB: Partial<Service> = {
  environment: { TZ: 'UTC', MODE: 'day' },
  ports: [tcp(80, 8080)],
  networks: on('front'),
  mem_limit: 64 * 1024 ** 2,
  cpus: 0.5,
  restart: 'unless-stopped',
  mounts: [volumeMount('/data', 'data'), contentMount('/etc/site.conf', 'aa00')],
};

/** The plan when `web` changes and its neighbour does not, after which everything is as declared. */
function planOf(before: Partial<Service>, after: Partial<Service>): string {
  const host = createHost(REGISTRY);
  const state = (parts: Partial<Service>) =>
    kiosk([serviceOf('web', { ...WEB, ...parts }), serviceOf('log', { networks: on('back') })], {
      networks: NETWORKS,
      volumes: VOLUMES,
    });
  host.converge(state(before));
  const log = host.world.find('kiosk-log-1')?.id;
  const text = host.text(state(after));
  const { failed } = host.round(state(after));
  expect(failed).toEqual([]);
  expect(host.text(state(after))).toBe('');
  expect(host.plan(state(after)).differences).toEqual([]);
  expect(host.world.find('kiosk-log-1')?.id).toBe(log);
  return text;
}

test('a changed image replaces that service only, and is pulled before the old container stops', () => {
  expect(planOf({}, { image: 'nginx:2' })).toMatchInlineSnapshot(`
    "1. pull    nginx:2    image nginx:2 is not on this host
    2. create  kiosk/web  image: nginx:1 → nginx:2
    3. stop    kiosk/web  image: nginx:1 → nginx:2
    4. start   kiosk/web  image: nginx:1 → nginx:2
    5. remove  kiosk/web  image: nginx:1 → nginx:2
    6. rename  kiosk/web  image: nginx:1 → nginx:2"
  `);
});

test('a changed environment replaces the service', () => {
  expect(planOf({}, { environment: { TZ: 'Europe/Berlin', NEW: '1' } })).toMatchInlineSnapshot(`
    "1. create  kiosk/web  environment.MODE: day → none; environment.NEW: none → 1; environment.TZ: UTC → Europe/Berlin
    2. stop    kiosk/web  environment.MODE: day → none; environment.NEW: none → 1; environment.TZ: UTC → Europe/Berlin
    3. start   kiosk/web  environment.MODE: day → none; environment.NEW: none → 1; environment.TZ: UTC → Europe/Berlin
    4. remove  kiosk/web  environment.MODE: day → none; environment.NEW: none → 1; environment.TZ: UTC → Europe/Berlin
    5. rename  kiosk/web  environment.MODE: day → none; environment.NEW: none → 1; environment.TZ: UTC → Europe/Berlin"
  `);
});

test('a changed port replaces the service', () => {
  expect(planOf({}, { ports: [tcp(80, 9090)] })).toMatchInlineSnapshot(`
    "1. create  kiosk/web  ports.80/tcp: [:8080] → [:9090]
    2. stop    kiosk/web  ports.80/tcp: [:8080] → [:9090]
    3. start   kiosk/web  ports.80/tcp: [:8080] → [:9090]
    4. remove  kiosk/web  ports.80/tcp: [:8080] → [:9090]
    5. rename  kiosk/web  ports.80/tcp: [:8080] → [:9090]"
  `);
});

test('a changed mount replaces the service', () => {
  const mounts = [volumeMount('/data', 'logs'), contentMount('/etc/site.conf', 'aa00')];
  expect(planOf({}, { mounts })).toMatchInlineSnapshot(`
    "1. create  kiosk/web  volumes./data: volume kiosk_data → volume kiosk_logs
    2. stop    kiosk/web  volumes./data: volume kiosk_data → volume kiosk_logs
    3. start   kiosk/web  volumes./data: volume kiosk_data → volume kiosk_logs
    4. remove  kiosk/web  volumes./data: volume kiosk_data → volume kiosk_logs
    5. rename  kiosk/web  volumes./data: volume kiosk_data → volume kiosk_logs"
  `);
});

test('a mount that becomes read-only, and back, replaces the service', () => {
  const mounts = (read_only: boolean) => [{ ...volumeMount('/data', 'data'), read_only } as const];
  expect(planOf({ mounts: mounts(false) }, { mounts: mounts(true) })).toMatchInlineSnapshot(`
    "1. create  kiosk/web  volumes./data: volume kiosk_data → volume kiosk_data (ro)
    2. stop    kiosk/web  volumes./data: volume kiosk_data → volume kiosk_data (ro)
    3. start   kiosk/web  volumes./data: volume kiosk_data → volume kiosk_data (ro)
    4. remove  kiosk/web  volumes./data: volume kiosk_data → volume kiosk_data (ro)
    5. rename  kiosk/web  volumes./data: volume kiosk_data → volume kiosk_data (ro)"
  `);
  expect(planOf({ mounts: mounts(true) }, { mounts: mounts(false) })).toMatchInlineSnapshot(`
    "1. create  kiosk/web  volumes./data: volume kiosk_data (ro) → volume kiosk_data
    2. stop    kiosk/web  volumes./data: volume kiosk_data (ro) → volume kiosk_data
    3. start   kiosk/web  volumes./data: volume kiosk_data (ro) → volume kiosk_data
    4. remove  kiosk/web  volumes./data: volume kiosk_data (ro) → volume kiosk_data
    5. rename  kiosk/web  volumes./data: volume kiosk_data (ro) → volume kiosk_data"
  `);
});

test('content that becomes read-only, and back, replaces the service', () => {
  const mounts = (read_only: boolean) => [contentMount('/etc/site.conf', 'aa00', { read_only })];
  expect(planOf({ mounts: mounts(false) }, { mounts: mounts(true) })).toMatchInlineSnapshot(`
    "1. create  kiosk/web  volumes./etc/site.conf: content aa00 → content aa00 (ro)
    2. stop    kiosk/web  volumes./etc/site.conf: content aa00 → content aa00 (ro)
    3. start   kiosk/web  volumes./etc/site.conf: content aa00 → content aa00 (ro)
    4. remove  kiosk/web  volumes./etc/site.conf: content aa00 → content aa00 (ro)
    5. rename  kiosk/web  volumes./etc/site.conf: content aa00 → content aa00 (ro)"
  `);
  expect(planOf({ mounts: mounts(true) }, { mounts: mounts(false) })).toMatchInlineSnapshot(`
    "1. create  kiosk/web  volumes./etc/site.conf: content aa00 (ro) → content aa00
    2. stop    kiosk/web  volumes./etc/site.conf: content aa00 (ro) → content aa00
    3. start   kiosk/web  volumes./etc/site.conf: content aa00 (ro) → content aa00
    4. remove  kiosk/web  volumes./etc/site.conf: content aa00 (ro) → content aa00
    5. rename  kiosk/web  volumes./etc/site.conf: content aa00 (ro) → content aa00"
  `);
});

test('a tmpfs that loses its size replaces the service', () => {
  const sized = { type: 'tmpfs', target: '/tmp', size: 1024 } as const;
  expect(planOf({ mounts: [sized] }, { mounts: [{ type: 'tmpfs', target: '/tmp' }] })).toMatchInlineSnapshot(`
    "1. create  kiosk/web  volumes./tmp: tmpfs size=1024 → tmpfs
    2. stop    kiosk/web  volumes./tmp: tmpfs size=1024 → tmpfs
    3. start   kiosk/web  volumes./tmp: tmpfs size=1024 → tmpfs
    4. remove  kiosk/web  volumes./tmp: tmpfs size=1024 → tmpfs
    5. rename  kiosk/web  volumes./tmp: tmpfs size=1024 → tmpfs"
  `);
});

test('changed content is written under its new id and replaces the service', () => {
  const mounts = [volumeMount('/data', 'data'), contentMount('/etc/site.conf', 'bb11')];
  expect(planOf({}, { mounts })).toMatchInlineSnapshot(`
    "1. write content  kiosk/web  devices/edge-01/site.conf at bb11
    2. create         kiosk/web  volumes./etc/site.conf: content aa00 → content bb11
    3. stop           kiosk/web  volumes./etc/site.conf: content aa00 → content bb11
    4. start          kiosk/web  volumes./etc/site.conf: content aa00 → content bb11
    5. remove         kiosk/web  volumes./etc/site.conf: content aa00 → content bb11
    6. rename         kiosk/web  volumes./etc/site.conf: content aa00 → content bb11"
  `);
});

test('memory, processors and restart policy change in place, in one call', () => {
  const text = planOf({}, { mem_limit: 128 * 1024 ** 2, cpus: 1.5, restart: 'on-failure:3' });
  expect(text).toMatchInlineSnapshot(
    `"1. update  kiosk/web  cpus: 0.5 → 1.5; mem_limit: 67108864 → 134217728; restart: unless-stopped → on-failure:3"`,
  );
});

test('a restart policy that is lifted changes in place', () => {
  const { restart: _, ...without } = WEB;
  const host = createHost(REGISTRY);
  const parts = { networks: NETWORKS, volumes: VOLUMES };
  host.converge(kiosk([serviceOf('web', WEB)], parts));
  expect(host.text(kiosk([serviceOf('web', without)], parts))).toMatchInlineSnapshot(
    `"1. update  kiosk/web  restart: unless-stopped → no"`,
  );
});

test('a memory limit that is lifted replaces the service, since the Engine takes 0 as unchanged', () => {
  const { mem_limit: _, ...without } = WEB;
  const host = createHost(REGISTRY);
  const parts = { networks: NETWORKS, volumes: VOLUMES };
  host.converge(kiosk([serviceOf('web', WEB)], parts));
  expect(host.text(kiosk([serviceOf('web', without)], parts))).toMatchInlineSnapshot(`
    "1. create  kiosk/web  mem_limit: 67108864 → 0
    2. stop    kiosk/web  mem_limit: 67108864 → 0
    3. start   kiosk/web  mem_limit: 67108864 → 0
    4. remove  kiosk/web  mem_limit: 67108864 → 0
    5. rename  kiosk/web  mem_limit: 67108864 → 0"
  `);
});

test('a network more is connected in place', () => {
  expect(planOf({}, { networks: on('front', 'back') })).toMatchInlineSnapshot(
    `"1. connect network  kiosk/web  networks.back: none → [web]"`,
  );
});

test('a network less is disconnected in place', () => {
  expect(planOf({ networks: on('front', 'back') }, { networks: on('front') })).toMatchInlineSnapshot(
    `"1. disconnect network  kiosk/web  networks.back: [web] → none"`,
  );
});

test('other aliases on a network are disconnected and connected in place', () => {
  expect(planOf({}, { networks: { front: { aliases: ['shop'] } } })).toMatchInlineSnapshot(`
    "1. disconnect network  kiosk/web  networks.front: [web] → [shop, web]
    2. connect network     kiosk/web  networks.front: [web] → [shop, web]"
  `);
});

test('a service without networks leaves "none" before it joins its first', () => {
  expect(planOf({ networks: {} }, { networks: on('front') })).toMatchInlineSnapshot(`
    "1. disconnect network  kiosk/web  networks.front: none → [web]
    2. connect network     kiosk/web  networks.front: none → [web]"
  `);
});

test('a service that loses all its networks stays without', () => {
  expect(planOf({}, { networks: {} })).toMatchInlineSnapshot(
    `"1. disconnect network  kiosk/web  networks.front: [web] → none"`,
  );
});

test('another container_name is a rename', () => {
  expect(planOf({}, { container_name: 'shop' })).toMatchInlineSnapshot(
    `"1. rename  kiosk/web  container_name: kiosk-web-1 → shop"`,
  );
});

test('a processor limit finer than the Engine counts is applied once', () => {
  planOf({}, { cpus: 1 / 3 });
});

test('a dependency with restart: true that is replaced restarts what depends on it', () => {
  const host = createHost(REGISTRY);
  const state = (image: string, restart: boolean) =>
    kiosk([
      serviceOf('db', { image }),
      serviceOf('web', { depends_on: needs('db', 'service_started', restart) }),
      serviceOf('job', { depends_on: needs('db', 'service_started', restart), command: ['one-shot'] }),
    ]);
  host.converge(state('nginx:1', true));
  expect(host.text(state('nginx:2', true))).toMatchInlineSnapshot(`
    "1. pull     nginx:2    image nginx:2 is not on this host
    2. create   kiosk/db   image: nginx:1 → nginx:2
    3. stop     kiosk/db   image: nginx:1 → nginx:2
    4. start    kiosk/db   image: nginx:1 → nginx:2
    5. remove   kiosk/db   image: nginx:1 → nginx:2
    6. rename   kiosk/db   image: nginx:1 → nginx:2
    7. restart  kiosk/web  its dependency db was replaced"
  `);
  expect(host.text(state('nginx:2', false))).not.toContain('restart');
});

test('a changed network is replaced under its containers, which are connected again', () => {
  const host = createHost(REGISTRY);
  const state = (internal: boolean) =>
    kiosk([serviceOf('web', { networks: on('front') }), serviceOf('log', { networks: on('front', 'back') })], {
      networks: [networkOf('front', { internal }), networkOf('back')],
    });
  host.converge(state(false));
  const ids = [...host.world.machines.keys()];
  expect(host.text(state(true))).toMatchInlineSnapshot(`
    "1. disconnect network  kiosk/front  internal: false → true
    2. disconnect network  kiosk/front  internal: false → true
    3. remove network      kiosk/front  internal: false → true
    4. create network      kiosk/front  internal: false → true
    5. connect network     kiosk/web    its network was replaced
    6. connect network     kiosk/log    its network was replaced"
  `);
  expect(host.round(state(true)).failed).toEqual([]);
  expect(host.text(state(true))).toBe('');
  expect([...host.world.machines.keys()]).toEqual(ids);
});

test.each(['correct', 'warn'] as const)(
  'under drift: %s, a network that Git renames is left for the new one',
  (drift) => {
    const host = createHost(REGISTRY);
    const state = (name: string) =>
      kiosk([serviceOf('web', { networks: on('front') })], { drift, networks: [networkOf('front', { name })] });
    host.converge(state('old'));
    expect(host.plan(state('new')).differences.map(({ origin }) => origin)).not.toContain('drift');
    host.converge(state('new'));
    expect([...(host.world.find('kiosk-web-1')?.endpoints.keys() ?? [])]).toEqual(['new']);
    expect([...host.world.networks.values()].map(({ Name }) => Name)).toEqual(['new']);
  },
);

test.each(['correct', 'warn'] as const)('under drift: %s, a network that Git removes is left and removed', (drift) => {
  const host = createHost(REGISTRY);
  const state = (key: string) =>
    kiosk([serviceOf('web', { networks: on('front', key) })], {
      drift,
      networks: [networkOf('front'), networkOf(key)],
    });
  host.converge(state('back'));
  expect(host.text(state('front'))).toBe(
    [
      '1. disconnect network  kiosk/web   networks.kiosk_back: [web] → none',
      '2. remove network      kiosk/back  no longer declared',
    ].join('\n'),
  );
  expect(host.plan(state('front')).differences.map(({ origin }) => origin)).toEqual(['change', 'change']);
});

test('a network is not taken from running containers before the images of the plan are present', () => {
  const host = createHost(REGISTRY);
  const state = (internal: boolean, image: string) =>
    kiosk([serviceOf('web', { image, networks: on('front') })], { networks: [networkOf('front', { internal })] });
  host.converge(state(false, 'nginx:1'));
  const { failed } = host.round(state(true, 'nginx:404'));
  expect(failed.map(({ step }) => step.kind)).toEqual(['pull-image']);
  expect([...(host.world.find('kiosk-web-1')?.endpoints.keys() ?? [])]).toEqual(['kiosk_front']);
});

test('a changed volume is reported and never replaced', () => {
  const host = createHost(REGISTRY);
  const state = (driver_opts: Record<string, string>) =>
    kiosk([serviceOf('db', { mounts: [volumeMount('/data', 'data')] })], {
      volumes: [volumeOf('data', { driver_opts })],
    });
  host.converge(state({ type: 'tmpfs' }));
  expect(host.text(state({ type: 'nfs' }))).toMatchInlineSnapshot(
    `"blocked  volume:kiosk/data  PruneGuard: volume "kiosk_data" differs in driver_opts.type; it holds data and is never replaced: declare a volume of another name, or remove it by hand"`,
  );
});

test('anonymous volumes move on to the replacement, and only those that are still wanted', () => {
  const host = createHost(REGISTRY);
  const state = (environment: Record<string, string>, cache: boolean) =>
    kiosk([serviceOf('app', { image: 'rich:1', environment, mounts: cache ? [volumeMount('/cache', null)] : [] })]);
  const volumes = () =>
    (host.world.find('kiosk-app-1')?.mounts ?? []).map(({ Name, Destination }) => `${Destination} ${Name}`).sort();
  host.converge(state({}, true));
  const before = volumes();
  expect(before).toHaveLength(2);
  host.converge(state({ A: '1' }, true));
  expect(volumes()).toEqual(before);
  host.converge(state({ A: '1' }, false));
  expect(volumes()).toEqual(before.filter((mount) => mount.startsWith('/var/lib/rich')));
});

test('a service that moves to another image leaves the volumes of the old image behind', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([serviceOf('app', { image: 'rich:1' })]));
  host.converge(kiosk([serviceOf('app', { image: 'nginx:1' })]));
  expect(host.world.find('kiosk-app-1')?.mounts).toEqual([]);
});

test('a container_name that passes from a removed service to a new one is free before it is taken', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([serviceOf('web', { container_name: 'shop' })]));
  const next = kiosk([serviceOf('site', { container_name: 'shop' })]);
  expect(host.text(next)).toMatchInlineSnapshot(`
    "1. stop    kiosk/web   no longer declared
    2. remove  kiosk/web   no longer declared
    3. create  kiosk/site  new service
    4. start   kiosk/site  new service"
  `);
  expect(host.round(next).failed).toEqual([]);
  expect(host.text(next)).toBe('');
});

test('apps of one device are planned apart', () => {
  const host = createHost(REGISTRY);
  const state = (image: string) =>
    desiredOf([
      appOf('kiosk', { services: [serviceOf('web')] }),
      appOf('till', { services: [serviceOf('web', { container_name: 'till-web-1', image })] }),
    ]);
  host.converge(state('nginx:1'));
  expect(host.text(state('nginx:2'))).toMatchInlineSnapshot(`
    "1. pull    nginx:2   image nginx:2 is not on this host
    2. create  till/web  image: nginx:1 → nginx:2
    3. stop    till/web  image: nginx:1 → nginx:2
    4. start   till/web  image: nginx:1 → nginx:2
    5. remove  till/web  image: nginx:1 → nginx:2
    6. rename  till/web  image: nginx:1 → nginx:2"
  `);
});

test('a container that is down serves on until the image of its replacement is here', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([serviceOf('web')]));
  const machine = host.world.find('kiosk-web-1');
  if (machine !== undefined) host.world.stop(machine);
  const after = kiosk([serviceOf('web', { image: 'nginx:2' })]);
  expect(host.text(after)).toMatchInlineSnapshot(`
    "1. pull   nginx:2    image nginx:2 is not on this host
    2. start  kiosk/web  state: exited (0) → running"
  `);
  host.round(after, { fate: ({ kind }) => (kind === 'pull-image' ? 'failed' : 'done') });
  expect(host.world.find('kiosk-web-1')).toMatchObject({ id: machine?.id, status: 'running' });
  host.converge(after);
  expect(host.world.find('kiosk-web-1')?.id).not.toBe(machine?.id);
  expect(host.plan(after).differences).toEqual([]);
});
