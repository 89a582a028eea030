// Where host ports or addresses cannot be shared: the new version proves itself without them before the old one stops.
import { expect, test } from 'vitest';
import type { Service } from '../../../fleet/model/service.ts';
import { kiosk, networkOf, serviceOf, tcp } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const WEB: Partial<Service> = {
  ports: [tcp(80, 8080)],
  networks: { front: { aliases: ['www'], ipv4_address: '10.1.0.9' } },
  mac_address: '02:42:00:00:00:09',
  healthcheck: { test: ['CMD', 'true'], interval: 2e9 },
};

const state = (image: string, parts: Partial<Service> = {}) =>
  kiosk([serviceOf('web', { image, ...WEB, ...parts })], { strategy: 'start-first', networks: [networkOf('front')] });

function running(image: string): Host {
  const host = createHost(REGISTRY);
  host.converge(state(image));
  return host;
}

const machines = ({ world }: Host) => [...world.machines.values()].map(({ name, status }) => `${name} ${status}`);

test('a trial without ports, addresses and names is ready before the old container stops, and the gap is told', () => {
  const host = running('nginx:1');
  const plan = host.plan(state('nginx:2'));
  expect(host.text(state('nginx:2'))).toMatchInlineSnapshot(`
    " 1. pull      nginx:2    image nginx:2 is not on this host
     2. create    kiosk/web  trial without host port 8080: image: nginx:1 → nginx:2
     3. start     kiosk/web  trial without host port 8080: image: nginx:1 → nginx:2
     4. wait for  kiosk/web  the old container serves until it is ready
     5. create    kiosk/web  image: nginx:1 → nginx:2
     6. stop      kiosk/web  it has proved itself
     7. remove    kiosk/web  it has proved itself
     8. stop      kiosk/web  image: nginx:1 → nginx:2; stop-first, since host port 8080 passes from one to the other: expected gap about 2 s
     9. start     kiosk/web  image: nginx:1 → nginx:2
    10. remove    kiosk/web  image: nginx:1 → nginx:2
    11. rename    kiosk/web  image: nginx:1 → nginx:2"
  `);
  expect(plan.steps.find(({ id }) => id === 'stop-container kiosk/web')).toMatchObject({ gapMs: 2000 });
  const trial = plan.steps.find(({ kind }) => kind === 'create-container');
  expect(trial).toMatchObject({
    name: 'kiosk-web-1--trial',
    body: { HostConfig: { PortBindings: {} }, NetworkingConfig: { EndpointsConfig: { kiosk_front: {} } } },
  });
  expect(JSON.stringify(trial)).not.toMatch(/10\.1\.0\.9|02:42|www/);
  expect(host.round(state('nginx:2')).failed).toEqual([]);
  expect(machines(host)).toEqual(['kiosk-web-1 running']);
  expect(host.text(state('nginx:2'))).toBe('');
});

test('a trial that fails leaves the old container with its port, and goes when Git goes back', () => {
  const host = running('nginx:1');
  host.world.sick.set('nginx:2', 'unhealthy');
  for (let round = 0; round < 3; round++) {
    const { failed } = host.round(state('nginx:2'));
    expect(failed.map(({ step }) => step.kind)).toEqual(['await-service']);
    expect(machines(host)).toEqual(['kiosk-web-1 running', 'kiosk-web-1--trial running']);
  }
  expect(host.text(state('nginx:1'))).toBe(
    [
      '1. stop    kiosk/web  left over from an interrupted update',
      '2. remove  kiosk/web  left over from an interrupted update',
    ].join('\n'),
  );
  host.converge(state('nginx:1'));
  expect(machines(host)).toEqual(['kiosk-web-1 running']);
});

test('a trial that cannot be started leaves the old container as it is', () => {
  const host = running('nginx:1');
  host.world.broken.set('nginx:2', 'exec format error');
  expect(host.round(state('nginx:2')).failed).toHaveLength(1);
  expect(host.plan(state('nginx:2')).blocked.map(({ message }) => message)).toEqual([
    expect.stringContaining('remove the container kiosk-web-1--trial to try again'),
  ]);
  expect(machines(host)).toEqual(['kiosk-web-1 running', 'kiosk-web-1--trial created']);
});

const STEPS = running('nginx:1').plan(state('nginx:2')).steps;
const MOMENTS = STEPS.flatMap((_, index) => [
  [index + 1, 'crash-before'] as const,
  [index + 1, 'crash-after'] as const,
]);

test.each(MOMENTS)(
  'an update that ends at step %i (%s) is finished; what was proved is not proved again',
  (index, fate) => {
    for (const image of ['nginx:2', 'nginx:1', 'nginx:3']) {
      const host = running('nginx:1');
      let step = 0;
      host.round(state('nginx:2'), { fate: () => (++step === index ? fate : 'done') });
      const made = host.world.find('kiosk-web-1--next') !== undefined;
      const { steps } = host.plan(state(image));
      if (made && image === 'nginx:2') expect(steps.filter(({ kind }) => kind === 'create-container')).toEqual([]);
      // The old one stops only when the new one is there.
      const stops = steps.filter(({ id }) => id === 'stop-container kiosk/web');
      for (const { after } of stops) expect(after.length > 0 || made).toBe(true);
      host.converge(state(image));
      expect(machines(host)).toEqual(['kiosk-web-1 running']);
      expect(host.world.find('kiosk-web-1')?.config.Image).toBe(image);
      expect(host.inventory.filter(({ kind }) => kind === 'container').map(({ name }) => name)).toEqual([
        'kiosk-web-1',
      ]);
    }
  },
);

test('when nothing runs there is nothing to prove', () => {
  const host = running('nginx:1');
  const web = host.world.find('kiosk-web-1');
  if (web !== undefined) host.world.stop(web);
  expect(host.text(state('nginx:2'))).not.toContain('ready');
});

test('a port that passes to another service waits for its holder, trials and all', () => {
  const a = (image: string, port: number) => serviceOf('a', { image, ports: [tcp(80, port)] });
  const b = (image: string, port: number) => serviceOf('b', { image, ports: [tcp(80, port)] });
  const both = (image: string, one: number, other: number) =>
    kiosk([a(image, one), b(image, other)], { strategy: 'start-first' });
  for (const [one, other] of [
    [2, 3],
    [2, 1],
  ] as const)
    for (const last of [false, true]) {
      const host = createHost(REGISTRY);
      host.converge(both('nginx:1', 1, 2));
      const { failed } = host.round(both('nginx:2', one, other), {
        pick: (ready) => ready.at(last ? -1 : 0) as (typeof ready)[0],
      });
      expect(failed).toEqual([]);
      expect(host.text(both('nginx:2', one, other))).toBe('');
    }
});
