// The new container first: somebody ready answers to the service's name at every moment of an update and of the way back,
// wherever an agent, an Engine or a host dies.
import { expect, test } from 'vitest';
import type { Desired, DesiredApp } from '../../../fleet/model/desired.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { kiosk, networkOf, on, serviceOf, volumeMount } from './support/desired.ts';
import { createHost, type Fate, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import { servingOn } from './support/serving.ts';
import { isRunning } from './support/world.ts';

const NETWORKS = ['kiosk_back', 'kiosk_front'];

const state = (image: string, parts: Partial<Service> = {}, app: Partial<DesiredApp> = {}) =>
  kiosk([serviceOf('web', { image, networks: on('front', 'back'), ...parts })], {
    strategy: 'start-first',
    networks: [networkOf('front'), networkOf('back')],
    ...app,
  });

function running(image: string, parts: Partial<Service> = {}, app: Partial<DesiredApp> = {}): Host {
  const host = createHost(REGISTRY);
  host.converge(state(image, parts, app));
  return host;
}

const machines = ({ world }: Host) => [...world.machines.values()].map(({ name, status }) => `${name} ${status}`);

function checkServed(host: Host, desired: Desired, what: string): void {
  const [app] = desired.apps;
  const [web] = app?.services ?? [];
  if (app === undefined || web === undefined) throw new Error('no web');
  for (const [network, ids] of servingOn(host.world, app, web, NETWORKS))
    if (ids.length === 0) throw new Error(`nobody serves on ${network} after ${what}`);
}

/** Rounds without faults, in which somebody serves after every step, until nothing is planned. */
function finish(host: Host, desired: Desired, rounds = 3): void {
  for (let round = 0; round <= rounds; round++) {
    const { plan, failed } = host.round(desired, { after: ({ id }) => checkServed(host, desired, id) });
    expect(failed).toEqual([]);
    if (plan.steps.length === 0) return;
  }
  throw new Error(`L1 does not converge: ${host.text(desired)}`);
}

function atRest(host: Host, image: string): void {
  expect(machines(host)).toEqual(['kiosk-web-1 running']);
  const web = host.world.find('kiosk-web-1');
  expect(web?.config.Image).toBe(image);
  expect([...(web?.endpoints ?? [])].map(([name, { Aliases }]) => [name, Aliases?.includes('web')]).sort()).toEqual(
    NETWORKS.map((name) => [name, true]),
  );
  expect(host.inventory.filter(({ kind }) => kind === 'container').map(({ name }) => name)).toEqual(['kiosk-web-1']);
  expect(host.plan(state(image)).differences).toEqual([]);
}

test('the new container is ready before names lead to it, and the old one goes when none leads to it any more', () => {
  const host = running('nginx:1');
  expect(host.text(state('nginx:2'))).toMatchInlineSnapshot(`
    " 1. pull                nginx:2    image nginx:2 is not on this host
     2. create              kiosk/web  image: nginx:1 → nginx:2
     3. connect network     kiosk/web  image: nginx:1 → nginx:2
     4. start               kiosk/web  image: nginx:1 → nginx:2
     5. wait for            kiosk/web  the old container serves until it is ready
     6. disconnect network  kiosk/web  it is ready, and the service’s names lead to it
     7. connect network     kiosk/web  it is ready, and the service’s names lead to it
     8. disconnect network  kiosk/web  it is ready, and the service’s names lead to it
     9. connect network     kiosk/web  it is ready, and the service’s names lead to it
    10. disconnect network  kiosk/web  the service’s names no longer lead to kiosk-web-1
    11. connect network     kiosk/web  the service’s names no longer lead to kiosk-web-1
    12. disconnect network  kiosk/web  the service’s names no longer lead to kiosk-web-1
    13. connect network     kiosk/web  the service’s names no longer lead to kiosk-web-1
    14. wait for            kiosk/web  it has taken over, and kiosk-web-1 ends what it has begun
    15. stop                kiosk/web  image: nginx:1 → nginx:2
    16. remove              kiosk/web  image: nginx:1 → nginx:2
    17. rename              kiosk/web  image: nginx:1 → nginx:2"
  `);
  finish(host, state('nginx:2'), 1);
  atRest(host, 'nginx:2');
});

const STEPS = running('nginx:1').plan(state('nginx:2')).steps.length;
const MOMENTS = Array.from({ length: STEPS }, (_, index) => index).flatMap((index) =>
  (['crash-before', 'crash-after', 'failed', 'lost'] as const).map((fate) => [index + 1, fate] as const),
);

/** Everything stops with the Engine; what ran comes up again where its restart policy says so. */
function reboot(host: Host): void {
  for (const machine of host.world.machines.values()) {
    if (!isRunning(machine)) continue;
    machine.status = machine.host.RestartPolicy?.Name === 'unless-stopped' ? 'running' : 'exited';
    machine.exitCode = machine.status === 'exited' ? 137 : 0;
  }
}

function interrupted(
  index: number,
  fate: Fate,
  { drift = 'correct', restart }: { drift?: 'correct' | 'warn'; restart?: string } = {},
) {
  const parts = restart === undefined ? {} : { restart };
  const host = running('nginx:1', parts, { drift });
  let step = 0;
  host.round(state('nginx:2', parts, { drift }), {
    fate: () => (++step === index ? fate : 'done'),
    after: ({ id }) => checkServed(host, state('nginx:2'), id),
  });
  return { host, parts };
}

test.each(MOMENTS)(
  'an update that ends at step %i (%s) is finished, and somebody serves all the time',
  (index, fate) => {
    for (const drift of ['correct', 'warn'] as const) {
      const { host } = interrupted(index, fate, { drift });
      finish(host, state('nginx:2', {}, { drift }));
      atRest(host, 'nginx:2');
    }
  },
);

test.each(MOMENTS)(
  'when Git goes back after step %i (%s), the old version serves on, and what was new is gone',
  (index, fate) => {
    for (const drift of ['correct', 'warn'] as const) {
      const { host } = interrupted(index, fate, { drift });
      const { differences } = host.plan(state('nginx:1', {}, { drift }));
      expect(differences.filter(({ origin }) => origin === 'drift')).toEqual([]);
      finish(host, state('nginx:1', {}, { drift }));
      atRest(host, 'nginx:1');
    }
  },
);

test.each(MOMENTS)('when Git moves on after step %i (%s), the newest version takes over', (index, fate) => {
  const { host } = interrupted(index, fate);
  finish(host, state('nginx:3'));
  atRest(host, 'nginx:3');
});

test.each(MOMENTS)('after a reboot at step %i (%s) the update is finished', (index, fate) => {
  for (const restart of ['unless-stopped', 'no']) {
    const { host, parts } = interrupted(index, fate, { restart });
    reboot(host);
    host.converge(state('nginx:2', parts));
    expect(machines(host)).toEqual(['kiosk-web-1 running']);
    expect(host.text(state('nginx:2', parts))).toBe('');
  }
});

test.each(MOMENTS)('a second interruption on top of the one at step %i (%s) changes nothing of that', (index, fate) => {
  for (let second = 1; second <= STEPS; second++) {
    for (const then of ['nginx:1', 'nginx:2', 'nginx:3']) {
      const { host } = interrupted(index, fate);
      let step = 0;
      host.round(state(then), {
        fate: () => (++step === second ? 'crash-after' : 'done'),
        after: ({ id }) => checkServed(host, state(then), id),
      });
      finish(host, state(then), 4);
      atRest(host, then);
    }
  }
});

test.each([10, 12])(
  'taken off a network at step %i and not put back: it is, so that what was on its way is answered',
  (index) => {
    const { host } = interrupted(index, 'crash-after');
    const { steps } = host.plan(state('nginx:2'));
    const ofOld = steps.filter(({ cause }) => cause === 'the service’s names no longer lead to kiosk-web-1');
    const count = (kind: string) => ofOld.filter((step) => step.kind === kind).length;
    expect(count('connect-network') - count('disconnect-network')).toBe(1);
    finish(host, state('nginx:2'));
  },
);

test('an interrupted replacement is no drift', () => {
  for (const [index, fate] of MOMENTS) {
    const { host } = interrupted(index, fate);
    const { differences } = host.plan(state('nginx:2'));
    expect(differences.filter(({ origin }) => origin === 'drift')).toEqual([]);
  }
});

test('a candidate that does not get ready costs the old one nothing, whatever is tried again', () => {
  const host = running('nginx:1');
  host.world.sick.set('nginx:2', 'unhealthy');
  for (let round = 0; round < 4; round++) {
    const { failed, crashed } = host.round(state('nginx:2'), {
      after: ({ id }) => checkServed(host, state('nginx:2'), id),
    });
    expect([failed.map(({ step }) => step.kind), crashed]).toEqual([['await-service'], false]);
    expect(machines(host)).toEqual(['kiosk-web-1 running', 'kiosk-web-1--next running']);
  }
  expect(host.text(state('nginx:1'))).toMatchInlineSnapshot(`
    "1. stop    kiosk/web  left over from an interrupted update
    2. remove  kiosk/web  left over from an interrupted update"
  `);
  finish(host, state('nginx:1'), 1);
  atRest(host, 'nginx:1');
});

test('a candidate that gets ready late takes over', () => {
  const host = running('nginx:1');
  host.world.sick.set('nginx:2', 'unhealthy');
  host.round(state('nginx:2'));
  host.world.sick.clear();
  const id = host.world.find('kiosk-web-1--next')?.id;
  finish(host, state('nginx:2'));
  atRest(host, 'nginx:2');
  expect(host.world.find('kiosk-web-1')?.id).toBe(id);
});

test('one that gets ill after it took the names gives them back', () => {
  const host = running('nginx:1');
  host.round(state('nginx:2'), {
    fate: ({ kind, id }) => {
      if (kind === 'await-service' && id.includes('over')) host.world.sick.set('nginx:2', 'unhealthy');
      return 'done';
    },
  });
  expect(machines(host)).toEqual(['kiosk-web-1 running', 'kiosk-web-1--next running']);
  expect(host.text(state('nginx:1'))).toMatchInlineSnapshot(`
    " 1. disconnect network  kiosk/web  networks.back: [] → [web]
     2. connect network     kiosk/web  networks.back: [] → [web]
     3. disconnect network  kiosk/web  networks.front: [] → [web]
     4. connect network     kiosk/web  networks.front: [] → [web]
     5. wait for            kiosk/web  kiosk-web-1--next serves until it is ready
     6. disconnect network  kiosk/web  the service’s names no longer lead to kiosk-web-1--next
     7. connect network     kiosk/web  the service’s names no longer lead to kiosk-web-1--next
     8. disconnect network  kiosk/web  the service’s names no longer lead to kiosk-web-1--next
     9. connect network     kiosk/web  the service’s names no longer lead to kiosk-web-1--next
    10. wait for            kiosk/web  it has taken over, and kiosk-web-1--next ends what it has begun
    11. stop                kiosk/web  left over from an interrupted update
    12. remove              kiosk/web  left over from an interrupted update"
  `);
  host.converge(state('nginx:1'));
  atRest(host, 'nginx:1');
});

test('one that ends after it took the names leaves them to the old one, and another is made', () => {
  const host = running('nginx:1');
  host.round(state('nginx:2'), { fate: ({ id }) => (id.includes('over') ? 'crash-before' : 'done') });
  const next = host.world.find('kiosk-web-1--next');
  if (next !== undefined) next.status = 'exited';
  expect(
    host
      .plan(state('nginx:2'))
      .steps.slice(0, 2)
      .map(({ kind }) => kind),
  ).toEqual(['disconnect-network', 'connect-network']);
  host.converge(state('nginx:2'));
  atRest(host, 'nginx:2');
});

test('a candidate of something else, or that was changed by hand, is not adopted', () => {
  const host = running('nginx:1');
  host.round(state('nginx:2'), { fate: ({ id }) => (id.startsWith('await') ? 'crash-before' : 'done') });
  const next = host.world.find('kiosk-web-1--next');
  if (next === undefined) throw new Error('no candidate');
  next.host.ReadonlyRootfs = true;
  expect(host.text(state('nginx:2', { read_only: false }))).toContain('left over');
});

test('hooks run beside the old one, which is told before it stops, and is not hooked again on the way back', () => {
  const hooks = { post_start: [{ command: ['warm'] }], pre_stop: [{ command: ['drain'] }] };
  const host = running('nginx:1', hooks);
  const old = host.world.find('kiosk-web-1');
  host.round(state('nginx:2', hooks), { fate: ({ id }) => (id.startsWith('await') ? 'crash-before' : 'done') });
  expect(host.world.find('kiosk-web-1--next')?.hooks).toEqual(['warm']);
  expect(host.text(state('nginx:1', hooks))).not.toContain('post_start');
  host.converge(state('nginx:2', hooks));
  expect(old?.hooks).toEqual(['warm', 'drain']);
});

test('anonymous volumes pass on', () => {
  const data = { mounts: [volumeMount('/data', null)] };
  const host = running('nginx:1', data);
  const volume = host.world.find('kiosk-web-1')?.mounts[0]?.Name;
  host.converge(state('nginx:2', data));
  expect(host.world.find('kiosk-web-1')?.mounts[0]?.Name).toBe(volume);
});

test('containers of one service go one after the other', () => {
  const both = (image: string) =>
    state(
      image,
      {},
      {
        services: [1, 2].map((number) => serviceOf('web', { number, image, container_name: `kiosk-web-${number}` })),
        networks: [],
      },
    );
  const host = createHost(REGISTRY);
  host.converge(both('nginx:1'));
  const order = host.plan(both('nginx:2')).steps.map(({ id }) => id);
  const second = order.findIndex((id) => id.startsWith('start-container kiosk/web#2'));
  expect(order.findIndex((id) => id.startsWith('rename-container kiosk/web'))).toBeLessThan(second);
  host.converge(both('nginx:2'));
  expect(machines(host)).toEqual(['kiosk-web-1 running', 'kiosk-web-2 running']);
});

test.each([
  ['host', { network_mode: 'host', networks: {} }, 'network_mode: host'],
  ['another’s network', { network_mode: 'container:other', networks: {} }, 'network_mode: container:other'],
])('on %s it stops first, and says why', (_what, parts, why) => {
  const host = createHost(REGISTRY);
  host.world.execute({
    ...{ id: 'x', after: [], subject: '', app: '', resource: '', cause: '', kind: 'pull-image', image: 'nginx:1' },
  } as never);
  host.world.execute({
    ...{ id: 'y', after: [], subject: '', app: '', resource: '', cause: '', kind: 'create-container', name: 'other' },
    body: { Image: 'nginx:1', HostConfig: {} },
  } as never);
  host.converge(state('nginx:1', parts));
  expect(host.text(state('nginx:2', parts))).toContain(
    `stop-first, since two containers cannot share ${why}: expected gap`,
  );
});

test('after a reboot, what had not proved itself yet is not taken for the service’s container', () => {
  const host = running('nginx:1', { restart: 'no' });
  const old = host.world.find('kiosk-web-1')?.id;
  host.round(state('nginx:2', { restart: 'no' }), {
    fate: ({ kind }) => (kind === 'await-service' ? 'crash-before' : 'done'),
  });
  reboot(host);
  host.converge(state('nginx:1', { restart: 'no' }));
  expect(host.world.find('kiosk-web-1')?.id).toBe(old);
});
