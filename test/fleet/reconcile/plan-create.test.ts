// What is planned for services, networks, volumes and content that are not there yet.
import { expect, test } from 'vitest';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { makePlan } from '../../../fleet/reconcile/plan.ts';
import {
  appOf,
  contentMount,
  desiredOf,
  kiosk,
  LIMITS,
  needs,
  networkOf,
  on,
  PATHS,
  serviceOf,
  tcp,
  volumeMount,
  volumeOf,
} from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const SHOP = kiosk(
  [
    serviceOf('web', {
      image: 'nginx:2',
      ports: [tcp(80, 8080)],
      networks: on('front', 'back'),
      mounts: [contentMount('/etc/site.conf', 'c0ffee00aa')],
      depends_on: needs('db', 'service_healthy'),
    }),
    serviceOf('db', {
      networks: on('back'),
      mounts: [volumeMount('/data', 'data'), { type: 'data', target: '/backup', source: 'backup', read_only: false }],
    }),
  ],
  { networks: [networkOf('front'), networkOf('back')], volumes: [volumeOf('data')] },
);

test('a new app is pulled, given its networks, volumes and content, created and started in dependency order', () => {
  const host = createHost(REGISTRY);
  expect(host.text(SHOP)).toMatchInlineSnapshot(`
    " 1. create network    kiosk/front   new network
     2. create network    kiosk/back    new network
     3. create volume     kiosk/data    new volume
     4. pull              nginx:1       image nginx:1 is not on this host
     5. make data folder  kiosk/backup  new service
     6. create            kiosk/db      new service
     7. start             kiosk/db      new service
     8. pull              nginx:2       image nginx:2 is not on this host
     9. write content     kiosk/web     devices/edge-01/site.conf at c0ffee00
    10. create            kiosk/web     new service
    11. connect network   kiosk/web     new service
    12. wait for          kiosk/db      what depends on it needs it healthy
    13. start             kiosk/web     new service"
  `);
});

test('of a file that the owner puts on the device, only the folder is made', () => {
  const host = createHost(REGISTRY);
  const mounts = ['pin.txt', 'keys/pin.txt'].map(
    (source) => ({ type: 'data', target: `/${source}`, source, read_only: true, file: true }) as const,
  );
  const folders = host.text(kiosk([serviceOf('web', { mounts })])).match(/make data folder +\S+/g);
  expect(folders?.map((line) => line.split(/ +/).at(-1))).toEqual(['kiosk', 'kiosk/keys']);
});

test('what was planned for a new app leads to what was declared', () => {
  const host = createHost(REGISTRY);
  const { failed, skipped } = host.round(SHOP);
  expect([failed, skipped]).toEqual([[], []]);
  const [db, web] = [host.world.find('kiosk-db-1'), host.world.find('kiosk-web-1')];
  expect([db?.status, web?.status]).toEqual(['running', 'running']);
  expect([...(web?.endpoints.keys() ?? [])]).toEqual(['kiosk_back', 'kiosk_front']);
  expect(host.inventory.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    'container kiosk-db-1',
    'container kiosk-web-1',
    'network kiosk_back',
    'network kiosk_front',
    'volume kiosk_data',
  ]);
});

test('an untouched revision plans nothing', () => {
  const host = createHost(REGISTRY);
  host.converge(SHOP);
  expect(host.text(SHOP)).toBe('');
  expect(host.plan(SHOP).differences).toEqual([]);
});

test('a service without networks is created on none', () => {
  const host = createHost(REGISTRY);
  const desired = kiosk([serviceOf('web')]);
  host.converge(desired);
  expect([...(host.world.find('kiosk-web-1')?.endpoints.keys() ?? [])]).toEqual(['none']);
});

test('an image that is on the host is not pulled, unless the file says always', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([serviceOf('web')]));
  const more = (pull_policy: 'missing' | 'always' | 'never') =>
    host.text(kiosk([serviceOf('web'), serviceOf('extra', { pull_policy })]));
  expect(more('missing')).toMatchInlineSnapshot(`
    "1. create  kiosk/extra  new service
    2. start   kiosk/extra  new service"
  `);
  expect(more('always')).toMatchInlineSnapshot(`
    "1. pull    nginx:1      pull_policy: always
    2. create  kiosk/extra  new service
    3. start   kiosk/extra  new service"
  `);
});

test('a tag that moved is pulled under pull_policy: always only, and interrupts nothing before it is on the host', () => {
  const host = createHost(REGISTRY);
  for (const [pull_policy, steps] of [
    ['missing', []],
    ['always', ['pull nginx:1: pull_policy: always, and its tag names another image now']],
  ] as const) {
    const desired = kiosk([serviceOf('web', { pull_policy })]);
    host.converge(desired);
    const observed = { ...host.world.observe(lookFor(desired, host.inventory)), moved: new Set(['nginx:1']) };
    const plan = makePlan({
      desired,
      observed,
      inventory: host.inventory,
      paths: PATHS,
      limits: LIMITS,
      hide: (text) => text,
    });
    expect(plan.steps.map(({ kind, subject, cause }) => `${kind.split('-')[0]} ${subject}: ${cause}`)).toEqual(steps);
  }
});

test('an image that is never to be pulled is left to the Engine to miss', () => {
  const host = createHost(REGISTRY);
  expect(host.text(kiosk([serviceOf('web', { pull_policy: 'never' })]))).toMatchInlineSnapshot(`
    "1. create  kiosk/web  new service
    2. start   kiosk/web  new service"
  `);
});

test('one image is pulled once for all its services', () => {
  const host = createHost(REGISTRY);
  expect(host.text(kiosk([serviceOf('a'), serviceOf('b')]))).toMatchInlineSnapshot(`
    "1. pull    nginx:1  image nginx:1 is not on this host
    2. create  kiosk/a  new service
    3. start   kiosk/a  new service
    4. create  kiosk/b  new service
    5. start   kiosk/b  new service"
  `);
});

test('an app starts after the apps that it depends on are ready', () => {
  const host = createHost(REGISTRY);
  const till = appOf('till', {
    dependsOn: ['gateway'],
    services: [serviceOf('ui', { container_name: 'till-ui-1' })],
  });
  const gateway = appOf('gateway', {
    services: [
      serviceOf('proxy', { container_name: 'gateway-proxy-1', healthcheck: { test: ['CMD', 'true'] } }),
      serviceOf('log', { container_name: 'gateway-log-1' }),
    ],
  });
  expect(host.text(desiredOf([till, gateway]))).toMatchInlineSnapshot(`
    "1. pull      nginx:1        image nginx:1 is not on this host
    2. create    gateway/proxy  new service
    3. start     gateway/proxy  new service
    4. create    gateway/log    new service
    5. start     gateway/log    new service
    6. create    till/ui        new service
    7. wait for  gateway/proxy  what depends on it needs it healthy
    8. start     till/ui        new service"
  `);
  const { steps } = host.plan(desiredOf([till, gateway]));
  const start = steps.find(({ id }) => id === 'start-container till/ui');
  expect(start?.after).toEqual([
    'create-container till/ui',
    'await-service gateway/proxy service_healthy',
    'start-container gateway/log',
  ]);
});

test('a dependency that has to complete is waited for', () => {
  const host = createHost(REGISTRY);
  const migrate = serviceOf('migrate', { command: ['one-shot'], restart: 'no' });
  const web = serviceOf('web', { depends_on: needs('migrate', 'service_completed_successfully') });
  expect(host.text(kiosk([web, migrate]))).toMatchInlineSnapshot(`
    "1. pull      nginx:1        image nginx:1 is not on this host
    2. create    kiosk/migrate  new service
    3. start     kiosk/migrate  new service
    4. create    kiosk/web      new service
    5. wait for  kiosk/migrate  what depends on it needs it completed
    6. start     kiosk/web      new service"
  `);
});

test('a condition of a dependency becomes a wait only when something is planned for the dependency', () => {
  const host = createHost(REGISTRY);
  const db = serviceOf('db', { healthcheck: { test: ['CMD', 'true'] } });
  host.converge(kiosk([db]));
  const web = serviceOf('web', { depends_on: needs('db', 'service_healthy') });
  expect(host.text(kiosk([web, db]))).toMatchInlineSnapshot(`
    "1. create  kiosk/web  new service
    2. start   kiosk/web  new service"
  `);
});

test('a dependency that is not declared is not waited for', () => {
  const host = createHost(REGISTRY);
  host.world.images.set('nginx:1', { Id: 'sha256:1' });
  expect(host.text(kiosk([serviceOf('web', { depends_on: needs('elsewhere') })]))).toMatchInlineSnapshot(`
    "1. create  kiosk/web  new service
    2. start   kiosk/web  new service"
  `);
});

test('an external network that is missing blocks the services on it and nothing else', () => {
  const host = createHost(REGISTRY);
  const desired = kiosk([serviceOf('web', { networks: on('lan') }), serviceOf('log')], {
    networks: [networkOf('lan', { name: 'shop-lan', external: true })],
  });
  expect(host.text(desired)).toMatchInlineSnapshot(`
    "1. pull    nginx:1    image nginx:1 is not on this host
    2. create  kiosk/log  new service
    3. start   kiosk/log  new service
    blocked  network:kiosk/lan  DependencyNotReady: external network "shop-lan" does not exist on this host; create it with "docker network create shop-lan""
  `);
});

test('an external network that is there is used and never changed', () => {
  const host = createHost(REGISTRY);
  host.world.networks.set('f'.repeat(64), { Id: 'f'.repeat(64), Name: 'shop-lan', Driver: 'macvlan' });
  const lan = networkOf('lan', { name: 'shop-lan', external: true });
  const desired = kiosk([serviceOf('web', { networks: on('lan') })], { networks: [lan] });
  host.converge(desired);
  expect(host.world.find('kiosk-web-1')?.status).toBe('running');
  expect(host.text(kiosk([], { networks: [] }))).not.toContain('network');
});

test('an external volume that is missing blocks the services that mount it', () => {
  const host = createHost(REGISTRY);
  const desired = kiosk([serviceOf('db', { mounts: [volumeMount('/data', 'data')] })], {
    volumes: [volumeOf('data', { name: 'shop-data', external: true })],
  });
  expect(host.text(desired)).toMatchInlineSnapshot(
    `"blocked  volume:kiosk/data  DependencyNotReady: external volume "shop-data" does not exist on this host; create it with "docker volume create shop-data""`,
  );
});

test('a plan of more steps than the device allows is refused whole', () => {
  const host = createHost(REGISTRY);
  expect(() => host.plan(SHOP, { ...LIMITS, steps: 5 })).toThrow(/limits\.steps \(5\)/);
});
