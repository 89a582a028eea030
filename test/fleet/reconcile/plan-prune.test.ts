// What is planned for what Git no longer declares.
import { expect, test } from 'vitest';
import { kiosk, LIMITS, networkOf, on, serviceOf, volumeMount, volumeOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import { addStranger } from './support/people.ts';

const BOTH = kiosk(
  [
    serviceOf('web', { networks: on('front', 'back') }),
    serviceOf('db', { networks: on('back'), mounts: [volumeMount('/data', 'data')] }),
  ],
  { networks: [networkOf('front'), networkOf('back')], volumes: [volumeOf('data')] },
);
const WEB_ONLY = kiosk([serviceOf('web', { networks: on('front') })], { networks: [networkOf('front')] });

function converged(): Host {
  const host = createHost(REGISTRY);
  host.converge(BOTH);
  return host;
}

test('a removed service is stopped and removed, then its network, and never its volume', () => {
  const host = converged();
  expect(host.text(WEB_ONLY)).toMatchInlineSnapshot(`
    "1. disconnect network  kiosk/web   networks.kiosk_back: [web] → none
    2. stop                kiosk/db    no longer declared
    3. remove              kiosk/db    no longer declared
    4. remove network      kiosk/back  no longer declared"
  `);
  expect(host.round(WEB_ONLY).failed).toEqual([]);
  expect([...host.world.volumes.keys()]).toEqual(['kiosk_data']);
  expect(host.inventory.map(({ name }) => name)).toContain('kiosk_data');
  expect(host.text(WEB_ONLY)).toBe('');
});

test('a removed service that does not run is removed without a stop', () => {
  const host = converged();
  const db = host.world.find('kiosk-db-1');
  if (db !== undefined) host.world.stop(db);
  expect(host.plan(WEB_ONLY).steps.map(({ kind }) => kind)).not.toContain('stop-container');
});

test('a removed network waits for every container that leaves it', () => {
  const { steps } = converged().plan(WEB_ONLY);
  expect(steps.find(({ kind }) => kind === 'remove-network')?.after).toEqual([
    'disconnect-network kiosk/web kiosk_back',
    'remove-container kiosk/db kiosk-db-1',
  ]);
});

test('replicas that are scaled down count as removed', () => {
  const host = createHost(REGISTRY);
  const scaled = (count: number) =>
    kiosk(
      Array.from({ length: count }, (_, index) =>
        serviceOf('web', { number: index + 1, container_name: `kiosk-web-${index + 1}` }),
      ),
    );
  host.converge(scaled(5));
  const limited = host.plan(scaled(1), { ...LIMITS, deletes: 3 });
  expect(limited.steps).toEqual([]);
  expect(limited.blocked.map(({ reason }) => reason)).toEqual(['PruneGuard']);
  expect(
    host.plan(scaled(1), { ...LIMITS, deletes: 4 }).steps.filter(({ kind }) => kind === 'remove-container'),
  ).toHaveLength(4);
});

test('removing more than limits.deletes removes nothing and says so', () => {
  const host = converged();
  const nothing = kiosk([]);
  expect(host.text(nothing, { ...LIMITS, deletes: 3 })).toMatchInlineSnapshot(
    `"blocked  device:edge-01  PruneGuard: main@sha1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa would remove 4 containers and networks, more than limits.deletes (3); nothing was removed. If it is meant, raise limits.deletes in the agent's configuration, or take them away in several commits"`,
  );
  expect(host.plan(nothing, { ...LIMITS, deletes: 4 }).blocked).toEqual([]);
  expect(host.plan(nothing, { ...LIMITS, deletes: 3 }).differences).toHaveLength(4);
});

test('a service that moves to another app keeps nothing of the old one', () => {
  const host = converged();
  const [app] = WEB_ONLY.apps;
  if (app === undefined) throw new Error('no app');
  const services = [serviceOf('web', { container_name: 'shop-web-1', networks: on('front') })];
  const shop = { ...app, name: 'shop', services, networks: [networkOf('front', { name: 'shop_front' })] };
  host.converge({ ...WEB_ONLY, apps: [shop] });
  expect([...host.world.machines.values()].map(({ name }) => name)).toEqual(['shop-web-1']);
  expect([...host.world.networks.values()].map(({ Name }) => Name)).toEqual(['shop_front']);
});

test('a container that was renamed by hand is removed with its service, and one that only looks like it is not', () => {
  const host = converged();
  const db = host.world.find('kiosk-db-1');
  if (db === undefined) throw new Error('no kiosk-db-1');
  db.name = 'backup-of-db';
  const like = addStranger(host, 'looks-like-db', { ...db.config.Labels });
  expect(host.text(WEB_ONLY)).toContain('remove              kiosk/db    no longer declared');
  // A look after a step that did not get there must not forget it.
  host.round(WEB_ONLY, { fate: ({ kind }) => (kind === 'remove-container' ? 'failed' : 'done') });
  host.converge(WEB_ONLY);
  expect([...host.world.machines.values()].map(({ name }) => name).sort()).toEqual(['kiosk-web-1', 'looks-like-db']);
  expect(like.status).toBe('running');
});

test('a container that took the name of one that was renamed by hand is not removed for its name and labels', () => {
  const host = converged();
  const db = host.world.find('kiosk-db-1');
  if (db === undefined) throw new Error('no kiosk-db-1');
  db.name = 'backup-of-db';
  addStranger(host, 'kiosk-db-1', { ...db.config.Labels });
  host.round(WEB_ONLY);
  expect([...host.world.machines.values()].map(({ name }) => name).sort()).toEqual(['kiosk-db-1', 'kiosk-web-1']);
});

test('of two that look alike the one that is ours is mended, and the other reported', () => {
  const host = converged();
  const db = host.world.find('kiosk-db-1');
  if (db === undefined) throw new Error('no kiosk-db-1');
  host.world.machines.delete(db.id);
  addStranger(host, 'looks-like-db', { ...db.config.Labels });
  host.world.machines.set(db.id, Object.assign(db, { name: 'mine' }));
  host.converge(BOTH);
  expect([host.world.find('kiosk-db-1')?.id, host.world.find('looks-like-db')?.status]).toEqual([db.id, 'running']);
  expect(host.plan(BOTH).differences).toMatchObject([{ kind: 'unexpected', observed: 'container looks-like-db' }]);
});
