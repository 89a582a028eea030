// What is planned for networks and volumes of another name, and for networks that share one.
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Network } from '../../../fleet/model/network.ts';
import { DEVICE, kiosk, networkOf, on, serviceOf, volumeMount, volumeOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

function state(network: Network, drift: 'correct' | 'warn' = 'correct'): Desired {
  return kiosk([serviceOf('web', { networks: on(network.key) })], { networks: [network], drift });
}

function converged(desired: Desired): Host {
  const host = createHost(REGISTRY);
  host.converge(desired);
  return host;
}

const idOf = (host: Host) => host.world.find('kiosk-web-1')?.id;
const networksOf = (host: Host) => [...(host.world.find('kiosk-web-1')?.endpoints.keys() ?? [])];
const namesOf = ({ world }: Host) => [...world.networks.values()].map(({ Name }) => Name);

const RENAMES: Readonly<Record<string, Network>> = {
  'another name': networkOf('front', { name: 'shop' }),
  'another key': networkOf('shop'),
};

test.each(Object.entries(RENAMES))(
  'a network of %s is joined before the old one is left and removed',
  (_name, after) => {
    const host = converged(state(networkOf('front')));
    const id = idOf(host);
    expect(host.plan(state(after)).steps.map(({ kind }) => kind)).toEqual([
      'create-network',
      'connect-network',
      'disconnect-network',
      'remove-network',
    ]);
    host.converge(state(after));
    expect([idOf(host), networksOf(host), namesOf(host)]).toEqual([id, [after.name], [after.name]]);
  },
);

test('a renamed network with a subnet of its own takes it over from the old one', () => {
  const ipam = { config: [{ subnet: '10.9.0.0/24' }] };
  const after = state(networkOf('front', { name: 'shop', ipam }));
  const host = converged(state(networkOf('front', { ipam })));
  const id = idOf(host);
  expect(host.text(after)).toMatchInlineSnapshot(`
    "1. disconnect network  kiosk/front  shop takes its subnet
    2. remove network      kiosk/front  shop takes its subnet
    3. create network      kiosk/front  new network
    4. connect network     kiosk/web    networks.front: none → [web]"
  `);
  expect(host.round(after).failed).toEqual([]);
  expect(host.text(after)).toBe('');
  expect([idOf(host), networksOf(host), namesOf(host)]).toEqual([id, ['shop'], ['shop']]);
});

/** A second network of the declared name. */
function twin(host: Host, labels: Readonly<Record<string, string>>, containers: Record<string, object> = {}): string {
  const Id = host.world.newId();
  host.world.networks.set(Id, { Id, Name: 'kiosk_front', Driver: 'bridge', Labels: labels, Containers: containers });
  return Id;
}

test('a second network of ours that connects nothing is removed', () => {
  const desired = state(networkOf('front'));
  const host = converged(desired);
  const Id = twin(host, { 'io.holdfast.device': DEVICE });
  expect(host.text(desired)).toMatch(/remove network {2}kiosk\/front {2}another network is named "kiosk_front"/);
  host.converge(desired);
  expect([...host.world.networks.keys()]).not.toContain(Id);
});

test('under drift: warn it is reported and left alone', () => {
  const desired = state(networkOf('front'), 'warn');
  const host = converged(desired);
  twin(host, { 'io.holdfast.device': DEVICE });
  const { steps, differences } = host.plan(desired);
  expect([steps, differences.map(({ kind, origin }) => [kind, origin])]).toEqual([[], [['unexpected', 'drift']]]);
});

test('a second network of somebody else is reported, and what joins the name joins ours', () => {
  const desired = state(networkOf('front'));
  const host = converged(desired);
  const Id = twin(host, {});
  const { blocked, steps } = host.plan(desired);
  expect([steps, blocked.map(({ reason }) => reason)]).toEqual([[], ['NameConflict']]);
  expect(blocked[0]?.message).toContain(Id.slice(0, 12));
  const web = host.world.find('kiosk-web-1');
  if (web === undefined) throw new Error('no kiosk-web-1');
  host.world.machines.delete(web.id);
  host.round(desired);
  expect(host.world.find('kiosk-web-1')?.status).toBe('running');
  const again = host.world.find('kiosk-web-1');
  again?.endpoints.delete('kiosk_front');
  host.round(desired);
  expect(networksOf(host)).toEqual(['kiosk_front']);
  expect([...host.world.networks.keys()]).toContain(Id);
});

test('a service that moves to another volume is told where its data stays', () => {
  const on = (key: string, name = `kiosk_${key}`) =>
    kiosk([serviceOf('db', { mounts: [volumeMount('/data', key)] })], { volumes: [volumeOf(key, { name })] });
  const host = converged(on('data'));
  expect(host.text(on('store'))).toContain(
    'note  kiosk/db: volume kiosk_store at /data is new and empty; the data stays in volume kiosk_data, which is kept; to go on with it, declare volumes.store.name: kiosk_data',
  );
  expect(host.text(on('store', 'kiosk_data'))).toBe('');
  host.converge(on('store'));
  expect([...host.world.volumes.keys()].sort()).toEqual(['kiosk_data', 'kiosk_store']);
  // The way back leads to the data, which is there.
  expect(host.plan(on('data')).notes).toBeUndefined();
});

test.each([2, 3])('%i services pass their container names on in a circle', (count) => {
  const names = Array.from({ length: count }, (_, index) => `name-${index}`);
  const state = (shift: number) =>
    kiosk(
      names.map((_, index) =>
        serviceOf(`s${index}`, { container_name: names[(index + shift) % count] ?? '', labels: { is: String(index) } }),
      ),
    );
  const host = converged(state(0));
  const ids = names.map((name) => host.world.find(name)?.id);
  expect(host.round(state(1)).failed).toEqual([]);
  expect(host.text(state(1))).toBe('');
  expect(ids.map((_, index) => host.world.find(names[(index + 1) % count] ?? '')?.id)).toEqual(ids);
});

test.each(['crash-after', 'crash-before', 'lost', 'failed'] as const)(
  'a swap of names that ends in %s is brought to its end',
  (fate) => {
    const state = (a: string, b: string) =>
      kiosk([serviceOf('a', { container_name: a }), serviceOf('b', { container_name: b })]);
    for (let at = 0; at < 3; at++) {
      const host = converged(state('one', 'two'));
      const ids = ['one', 'two'].map((name) => host.world.find(name)?.id);
      let steps = 0;
      host.round(state('two', 'one'), { fate: () => (steps++ === at ? fate : 'done') });
      host.converge(state('two', 'one'));
      expect(['two', 'one'].map((name) => host.world.find(name)?.id)).toEqual(ids);
    }
  },
);
