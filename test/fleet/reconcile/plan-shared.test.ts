// Networks that more than one app, or somebody else, is on while they are replaced.
import { expect, test } from 'vitest';
import { appOf, desiredOf, kiosk, networkOf, on, serviceOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const owned = (internal: boolean) =>
  kiosk([serviceOf('web', { networks: on('front') })], { networks: [networkOf('front', { internal })] });

/** `till` uses the network of `kiosk`, and is declared before it. */
const shared = (internal: boolean, drift: 'correct' | 'warn' = 'correct') =>
  desiredOf([
    appOf('till', {
      drift,
      services: [serviceOf('ui', { container_name: 'till-ui-1', networks: on('lan') })],
      networks: [networkOf('lan', { name: 'kiosk_front', external: true })],
    }),
    ...owned(internal).apps,
  ]);

function joined({ world }: Host, container: string): boolean {
  const [network] = world.networks.values();
  return world.find(container)?.endpoints.get('kiosk_front')?.NetworkID === network?.Id;
}

test('a network that a container of others is on is not touched, and reported', () => {
  const host = createHost(REGISTRY);
  host.converge(owned(false));
  visit(host);
  expect(host.text(owned(true))).toBe(
    'blocked  network:kiosk/front  NameConflict: internal: false → true: the network "kiosk_front" cannot be replaced while 1 container that is not of this device\'s making is connected to it; disconnect it first',
  );
  host.world.stop(host.world.find('kiosk-web-1') ?? fail());
  expect(host.text(owned(true))).toContain('1. start  kiosk/web');
});

test.each(['correct', 'warn'] as const)(
  'under drift: %s, containers that left a network that then cannot be removed are connected again',
  (drift) => {
    const state = (internal: boolean) => desiredOf(owned(internal).apps.map((app) => ({ ...app, drift })));
    const host = createHost(REGISTRY);
    host.converge(state(false));
    host.round(state(true), { fate: ({ kind }) => (kind === 'remove-network' ? 'failed' : 'done') });
    expect(joined(host, 'kiosk-web-1')).toBe(false);
    visit(host);
    const { plan, failed } = host.round(state(true));
    expect([plan.blocked.length, failed]).toEqual([1, []]);
    expect(joined(host, 'kiosk-web-1')).toBe(true);
    expect(host.plan(state(true)).steps).toEqual([]);
  },
);

test.each(['correct', 'warn'] as const)(
  'an app under drift: %s that uses the network of another is connected again when it is replaced',
  (drift) => {
    const host = createHost(REGISTRY);
    host.converge(shared(false, drift));
    expect(host.round(shared(true, drift)).failed).toEqual([]);
    expect([joined(host, 'kiosk-web-1'), joined(host, 'till-ui-1')]).toEqual([true, true]);
    expect(host.text(shared(true, drift))).toBe('');
  },
);

test.each(['disconnect-network', 'remove-network', 'create-network'] as const)(
  'an app that uses the network of another gets it back when its replacement is interrupted after %s',
  (kind) => {
    const host = createHost(REGISTRY);
    host.converge(shared(false, 'warn'));
    const fate = (step: { kind: string }) => (step.kind === kind ? 'crash-after' : 'done');
    expect(host.round(shared(true, 'warn'), { fate }).crashed).toBe(true);
    expect(host.round(shared(true, 'warn')).failed).toEqual([]);
    expect([joined(host, 'kiosk-web-1'), joined(host, 'till-ui-1')]).toEqual([true, true]);
  },
);

test('an app may join what another makes in the same plan', () => {
  const host = createHost(REGISTRY);
  expect(host.plan(shared(false)).blocked).toEqual([]);
  expect(host.round(shared(false)).failed).toEqual([]);
  expect(joined(host, 'till-ui-1')).toBe(true);
});

/** A container that is not ours joins the network. */
function visit({ world }: Host): void {
  const Containers = { [world.find('kiosk-web-1')?.id ?? '']: {}, ffff: {} };
  for (const [id, network] of world.networks) world.networks.set(id, { ...network, Containers });
}

function fail(): never {
  throw new Error('no such container');
}
