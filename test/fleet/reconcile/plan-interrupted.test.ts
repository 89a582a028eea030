// What is planned after the agent died in the middle of a plan.
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Step } from '../../../fleet/model/plan.ts';
import { kiosk, networkOf, on, serviceOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const state = (image: string, drift: 'correct' | 'warn' = 'correct') =>
  kiosk([serviceOf('web', { image, networks: on('front', 'back') })], {
    drift,
    networks: [networkOf('front'), networkOf('back')],
  });

/** A host on which the agent died right after a step of this kind took effect. */
function diedAfter(kind: Step['kind'], before: Desired, after: Desired): Host {
  const host = createHost(REGISTRY);
  host.converge(before);
  const { crashed } = host.round(after, { fate: (step) => (step.kind === kind ? 'crash-after' : 'done') });
  expect(crashed).toBe(true);
  return host;
}

/** The plan after the restart, which brings everything to where it belongs at the first attempt. */
function resumed(host: Host, after: Desired): string {
  const text = host.text(after);
  expect(host.round(after).failed).toEqual([]);
  expect(host.text(after)).toBe('');
  const machines = [...host.world.machines.values()].map(({ name, status }) => `${name} ${status}`);
  expect(machines).toEqual(['kiosk-web-1 running']);
  const listed = host.inventory.filter(({ kind }) => kind === 'container').map(({ name }) => name);
  expect(listed).toEqual(['kiosk-web-1']);
  return text;
}

const died = (kind: Step['kind']) => diedAfter(kind, state('nginx:1'), state('nginx:2'));

test('a replacement left from before the stop is adopted', () => {
  expect(resumed(died('create-container'), state('nginx:2'))).toMatchInlineSnapshot(`
    "1. connect network  kiosk/web  image: nginx:1 → nginx:2
    2. stop             kiosk/web  image: nginx:1 → nginx:2
    3. start            kiosk/web  image: nginx:1 → nginx:2
    4. remove           kiosk/web  image: nginx:1 → nginx:2
    5. rename           kiosk/web  image: nginx:1 → nginx:2"
  `);
});

test('a replacement with all its networks is adopted', () => {
  expect(resumed(died('connect-network'), state('nginx:2'))).toMatchInlineSnapshot(`
    "1. stop    kiosk/web  image: nginx:1 → nginx:2
    2. start   kiosk/web  image: nginx:1 → nginx:2
    3. remove  kiosk/web  image: nginx:1 → nginx:2
    4. rename  kiosk/web  image: nginx:1 → nginx:2"
  `);
});

test('after the stop the update goes on, and the old container is there until it is replaced', () => {
  expect(resumed(died('stop-container'), state('nginx:2'))).toMatchInlineSnapshot(`
    "1. start   kiosk/web  state: exited (0) → running; image: nginx:1 → nginx:2
    2. remove  kiosk/web  state: exited (0) → running; image: nginx:1 → nginx:2
    3. rename  kiosk/web  state: exited (0) → running; image: nginx:1 → nginx:2"
  `);
});

test('after the start the replacement has taken over: the old one goes, and its name passes on', () => {
  expect(resumed(died('start-container'), state('nginx:2'))).toMatchInlineSnapshot(`
    "1. remove  kiosk/web  left over from an interrupted update
    2. rename  kiosk/web  container_name: kiosk-web-1--next → kiosk-web-1"
  `);
});

test('after the old one is removed its replacement takes the name', () => {
  expect(resumed(died('remove-container'), state('nginx:2'))).toMatchInlineSnapshot(
    `"1. rename  kiosk/web  container_name: kiosk-web-1--next → kiosk-web-1"`,
  );
});

test('after the rename nothing is left to do', () => {
  expect(resumed(died('rename-container'), state('nginx:2'))).toBe('');
});

test.each([
  'create-container',
  'connect-network',
  'stop-container',
  'start-container',
  'remove-container',
  'rename-container',
] as const)('an update interrupted after %s is finished under drift: warn too, since the host did not move', (kind) => {
  const host = diedAfter(kind, state('nginx:1', 'warn'), state('nginx:2', 'warn'));
  resumed(host, state('nginx:2', 'warn'));
});

test.each(['create-network', 'create-container', 'connect-network', 'start-container'] as const)(
  'a first installation interrupted after %s is finished under drift: warn too',
  (kind) => {
    const host = createHost(REGISTRY);
    host.round(state('nginx:1', 'warn'), { fate: (step) => (step.kind === kind ? 'crash-after' : 'done') });
    host.converge(state('nginx:1', 'warn'));
    resumed(host, state('nginx:1', 'warn'));
  },
);

test('Git moves on while the only copy is an unpromoted replacement: it is replaced in turn', () => {
  expect(resumed(died('remove-container'), state('nginx:3'))).toMatchInlineSnapshot(`
    "1. pull             nginx:3    image nginx:3 is not on this host
    2. create           kiosk/web  container_name: kiosk-web-1--next → kiosk-web-1; image: nginx:2 → nginx:3
    3. connect network  kiosk/web  container_name: kiosk-web-1--next → kiosk-web-1; image: nginx:2 → nginx:3
    4. stop             kiosk/web  container_name: kiosk-web-1--next → kiosk-web-1; image: nginx:2 → nginx:3
    5. start            kiosk/web  container_name: kiosk-web-1--next → kiosk-web-1; image: nginx:2 → nginx:3
    6. remove           kiosk/web  container_name: kiosk-web-1--next → kiosk-web-1; image: nginx:2 → nginx:3
    7. rename           kiosk/web  container_name: kiosk-web-1--next → kiosk-web-1; image: nginx:2 → nginx:3"
  `);
});

test.each(['create-container', 'stop-container', 'start-container', 'remove-container', 'rename-container'] as const)(
  'a second update that is interrupted after %s on top of the first is finished',
  (kind) => {
    const host = died('remove-container');
    const fate = (step: Step) => (step.kind === kind ? 'crash-after' : 'done');
    expect(host.round(state('nginx:3'), { fate }).crashed).toBe(true);
    resumed(host, state('nginx:3'));
  },
);

test('Git goes back while the replacement is not promoted: the old one stays', () => {
  expect(resumed(died('create-container'), state('nginx:1'))).toMatchInlineSnapshot(
    `"1. remove  kiosk/web  left over from an interrupted update"`,
  );
});

test('a service that Git removes in the middle of its update is removed with its replacement', () => {
  const host = died('create-container');
  const nothing = kiosk([]);
  expect(host.text(nothing)).toMatchInlineSnapshot(`
    "1. stop            kiosk/web    no longer declared
    2. remove          kiosk/web    no longer declared
    3. remove          kiosk/web    no longer declared
    4. remove network  kiosk/front  no longer declared
    5. remove network  kiosk/back   no longer declared"
  `);
  expect(host.round(nothing).failed).toEqual([]);
  expect([...host.world.machines.values()]).toEqual([]);
  expect(host.inventory).toEqual([]);
});

test.each(['disconnect-network', 'remove-network', 'create-network'] as const)(
  'a network whose replacement is interrupted after %s gets its containers back',
  (kind) => {
    const changed = (internal: boolean) =>
      kiosk([serviceOf('web', { networks: on('front') })], { networks: [networkOf('front', { internal })] });
    resumed(diedAfter(kind, changed(false), changed(true)), changed(true));
  },
);

test.each(['disconnect-network', 'remove-network', 'create-network'] as const)(
  'a network whose replacement is interrupted after %s gets its containers back under drift: warn too',
  (kind) => {
    const changed = (internal: boolean) =>
      kiosk([serviceOf('web', { networks: on('front') })], {
        drift: 'warn',
        networks: [networkOf('front', { internal })],
      });
    const host = diedAfter(kind, changed(false), changed(true));
    resumed(host, changed(true));
    expect([...(host.world.find('kiosk-web-1')?.endpoints.keys() ?? [])]).toEqual(['kiosk_front']);
  },
);

const shop = (image: string) =>
  kiosk([
    serviceOf('db', { image }),
    serviceOf('web', { depends_on: { db: { condition: 'service_started', required: true, restart: true } } }),
  ]);

test.each(['start-container', 'remove-container', 'rename-container'] as const)(
  'what is restarted with its dependency is so after an update that is interrupted after %s',
  (kind) => {
    const host = diedAfter(kind, shop('nginx:1'), shop('nginx:2'));
    const restarted: string[] = [];
    const { failed } = host.round(shop('nginx:2'), {
      after: (step) => {
        if (step.kind === 'restart-container') restarted.push(step.subject);
      },
    });
    expect([failed, restarted]).toEqual([[], ['kiosk/web']]);
    expect(host.text(shop('nginx:2'))).toBe('');
  },
);
