// What is planned when the host moves: people and other tools changed what was applied.
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Content, Mount } from '../../../fleet/model/mount.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { contentMount, kiosk, networkOf, on, serviceOf, tcp, volumeMount, volumeOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import type { Machine } from './support/machine.ts';
import { addStranger } from './support/people.ts';

const WEB: Partial<Service> = {
  environment: { TZ: 'UTC' },
  ports: [tcp(80, 8080)],
  networks: on('front'),
  mem_limit: 64 * 1024 ** 2,
  restart: 'unless-stopped',
  mounts: [contentMount('/etc/site.conf', 'aa00'), volumeMount('/data', 'data')],
};

function state(drift: 'correct' | 'warn' = 'correct', ignore: readonly string[] = []): Desired {
  const parts = { drift, ignore, networks: [networkOf('front')], volumes: [volumeOf('data')] };
  return kiosk([serviceOf('web', WEB), serviceOf('job', { command: ['one-shot'], restart: 'no' })], parts);
}

/** A converged host after somebody did something to it. */
function after(act: (web: Machine, host: Host) => void, desired = state()): Host {
  const host = createHost(REGISTRY);
  host.converge(desired);
  act(machineOf(host, 'kiosk-web-1'), host);
  return host;
}

function machineOf({ world }: Host, name: string): Machine {
  const machine = world.find(name);
  if (machine === undefined) throw new Error(`no ${name}`);
  return machine;
}

const ACTS: Readonly<Record<string, readonly [(web: Machine, host: Host) => void, string]>> = {
  'a removed container is made again': [
    (web, { world }) => world.machines.delete(web.id),
    '1. create  kiosk/web  not there\n2. start   kiosk/web  not there',
  ],
  'a stopped container is started': [
    (web, { world }) => world.stop(web),
    '1. start  kiosk/web  state: exited (0) → running',
  ],
  'a paused container is unpaused': [
    (web) => {
      web.status = 'paused';
    },
    '1. unpause  kiosk/web  state: paused → running',
  ],
  'an updated memory limit and restart policy are set back in place': [
    (web) => Object.assign(web.host, { Memory: 1, RestartPolicy: { Name: 'always' } }),
    '1. update  kiosk/web  mem_limit: 1 → 67108864; restart: always → unless-stopped',
  ],
  'a disconnected network is connected': [
    (web) => web.endpoints.delete('kiosk_front'),
    '1. connect network  kiosk/web  networks.front: none → [web]',
  ],
  'a network more is disconnected': [
    (web) => web.endpoints.set('bridge', {}),
    '1. disconnect network  kiosk/web  networks.bridge: [] → none',
  ],
  'a renamed container gets its name back': [
    (web) => {
      web.name = 'hello';
    },
    '1. rename  kiosk/web  container_name: hello → kiosk-web-1',
  ],
  'edited content is written again, and the container restarted to see it': [
    (_, { world }) => world.content.set('aa00', { kind: 'edited', paths: ['site.conf'] }),
    [
      '1. write content  kiosk/web  volumes./etc/site.conf: content aa00 edited → content aa00',
      '2. restart        kiosk/web  its content was rewritten',
    ].join('\n'),
  ],
};

test.each(Object.entries(ACTS))('%s', (_name, [act, text]) => {
  const host = after(act);
  expect(host.plan(state()).differences.every(({ origin }) => origin === 'drift')).toBe(true);
  expect(host.text(state())).toBe(text);
  expect(host.round(state()).failed).toEqual([]);
  expect(host.text(state())).toBe('');
});

test.each(Object.entries(ACTS))('under drift: warn, it is reported and left alone when %s', (_name, [act]) => {
  const host = after(act, state('warn'));
  expect(host.plan(state('warn')).differences.map(({ origin }) => origin)).toContain('drift');
  expect(host.text(state('warn'))).toBe('');
});

test('a dead container is replaced, since the Engine never starts it again', () => {
  const host = after((web) => {
    web.status = 'dead';
  });
  expect(host.text(state())).toContain('create  kiosk/web  state: dead → running');
  host.converge(state());
});

test.each([
  'failed to start shim: mkdir /run/containerd/io.containerd.runtime.v2.task/moby/aa: file exists: unknown',
  'failed to create task for container: container with given id already exists: unknown',
  'task 0a1b already exists: unknown',
])('one that the Engine lost track of when it was killed is replaced: %s', (error) => {
  const host = after((web) => Object.assign(web, { status: 'exited', exitCode: 255, error }));
  expect(host.text(state())).toContain('create  kiosk/web  state: dead → running');
  host.converge(state());
});

test('one that cannot be started for another reason is tried again as it is', () => {
  const error = 'driver failed programming external connectivity: port is already allocated';
  const host = after((web) => Object.assign(web, { status: 'exited', exitCode: 255, error }));
  expect(host.text(state())).toBe('1. start  kiosk/web  state: exited (255) → running');
});

/** The state with every service under `pull_policy: always`. */
function newest(): ReturnType<typeof state> {
  const { apps, ...rest } = state();
  const pull_policy = 'always' as const;
  return {
    ...rest,
    apps: apps.map((app) => ({ ...app, services: app.services.map((one) => ({ ...one, pull_policy })) })),
  };
}

const moveTag = (world: { images: Map<string, { Id: string }> }) =>
  world.images.set('nginx:1', { Id: 'sha256:feedfeedfeedfeed' });

test('a tag that was moved to another image replaces the container where the file asks for the newest', () => {
  const host = after((_, { world }) => moveTag(world), newest());
  expect(host.plan(newest()).differences.find(({ resource }) => resource === 'service:kiosk/web')).toEqual({
    ...{ app: 'kiosk', resource: 'service:kiosk/web', kind: 'field', origin: 'change', field: 'image' },
    desired: 'nginx:1 (feedfeedfeed)',
    observed: 'nginx:1 (6e67696e783a)',
  });
});

test('a tag that was moved is no reason to interrupt anything elsewhere', () => {
  const host = after((_, { world }) => moveTag(world));
  expect(host.text(state())).toBe('');
});

test('under drift: warn, changes from Git are applied all the same', () => {
  const host = after((web) => {
    web.status = 'paused';
    web.endpoints.delete('kiosk_front');
  }, state('warn'));
  const more = state('warn');
  const [app] = more.apps;
  const services = (app?.services ?? []).map((service) => ({ ...service, mem_limit: 128 * 1024 ** 2 }));
  expect(host.text({ ...more, apps: more.apps.map((one) => ({ ...one, services })) })).toBe(
    '1. update  kiosk/web  mem_limit: 67108864 → 134217728\n2. update  kiosk/job  mem_limit: 0 → 134217728',
  );
});

test('under drift: warn, a network that somebody removed is made when a change needs it', () => {
  const host = after(({ id }, { world }) => {
    world.machines.delete(id);
    world.networks.clear();
  }, state('warn'));
  expect(host.text(state('warn'))).toBe('');
  const [app] = state('warn').apps;
  const api = serviceOf('api', { networks: on('front') });
  const more = kiosk([...(app?.services ?? []), api], { ...app, services: [...(app?.services ?? []), api] });
  expect(host.text(more)).toBe(
    [
      '1. create network  kiosk/front  not there',
      '2. create          kiosk/api    new service',
      '3. start           kiosk/api    new service',
    ].join('\n'),
  );
});

test('ignored fields are neither reported nor corrected', () => {
  const ignoring = state('correct', ['services.web.networks.*', 'services.*.mem_limit']);
  const host = after((web) => {
    web.endpoints.set('bridge', {});
    web.host.Memory = 1;
  }, ignoring);
  expect(host.plan(ignoring).differences).toEqual([]);
  expect(host.text(ignoring)).toBe('');
});

test('a network made again by hand is joined by containers that still mean the old one', () => {
  const host = after((web, { world }) => {
    world.stop(web);
    world.networks.clear();
  });
  expect(host.text(state())).toBe(
    [
      '1. create network      kiosk/front  not there',
      '2. disconnect network  kiosk/web    networks.front: [gone] → [web]',
      '3. connect network     kiosk/web    networks.front: [gone] → [web]',
      '4. start               kiosk/web    state: exited (0) → running',
    ].join('\n'),
  );
  expect(host.round(state()).failed).toEqual([]);
  expect(host.text(state())).toBe('');
});

test('a name taken by a container that is not ours blocks the service, and both are left alone', () => {
  const host = after((web, { world }) => world.machines.delete(web.id));
  const stranger = addStranger(host, 'kiosk-web-1', {});
  expect(host.text(state())).toBe(
    'blocked  service:kiosk/web  NameConflict: the name "kiosk-web-1" is taken by a container that Holdfast did not create; remove or rename it, or set another container_name',
  );
  host.round(state());
  expect(host.world.machines.get(stranger.id)).toBe(stranger);
});

test('a network name taken by somebody else blocks the services on it', () => {
  const host = createHost(REGISTRY);
  host.world.networks.set('f'.repeat(64), { Id: 'f'.repeat(64), Name: 'kiosk_front' });
  const { steps, blocked } = host.plan(state());
  expect(blocked.map(({ resource, reason }) => `${resource} ${reason}`)).toEqual(['network:kiosk/front NameConflict']);
  expect(new Set(steps.map(({ resource }) => resource))).toEqual(new Set(['volume:kiosk/data', 'service:kiosk/job']));
});

test('a look-alike with all the right labels is reported and left alone', () => {
  const host = after((web, world) => addStranger(world, 'impostor', { ...web.config.Labels }));
  expect(host.text(state())).toBe('');
  expect(host.plan(state()).differences).toEqual([
    {
      ...{ resource: 'service:kiosk/web', app: 'kiosk', kind: 'unexpected', field: null },
      ...{ desired: null, observed: 'container impostor', origin: 'drift', left: 'warn' },
    },
  ]);
});

test('with its state lost, an agent adopts what is there and removes nothing', () => {
  const host = after((_, lost) => lost.forget());
  const before = [...host.world.machines.keys()];
  expect(host.text(state())).toBe('');
  const nothing = kiosk([]);
  expect(host.text(nothing)).toBe('');
  expect(host.plan(nothing).differences.map(({ kind, observed }) => `${kind} ${observed}`)).toEqual([
    'unexpected container kiosk-web-1',
    'unexpected container kiosk-job-1',
  ]);
  host.round(state());
  expect([...host.world.machines.keys()]).toEqual(before);
  expect(host.inventory.map(({ name }) => name).sort()).toEqual([
    'kiosk-job-1',
    'kiosk-web-1',
    'kiosk_data',
    'kiosk_front',
  ]);
});

test('values of variables that look secret are in no text of a plan, but in the body of the create call', () => {
  const host = createHost(REGISTRY);
  const secret = (value: string) => kiosk([serviceOf('web', { environment: { DB_PASSWORD: value, TZ: 'UTC' } })]);
  host.converge(secret('hunter1'));
  const plan = host.plan(secret('hunter2'));
  const texts = [host.text(secret('hunter2')), ...plan.steps.map(({ cause, id }) => `${id} ${cause}`)].join('\n');
  expect(texts + JSON.stringify(plan.differences)).not.toMatch(/hunter/);
  expect(texts).toContain('environment.DB_PASSWORD: (redacted) → (redacted)');
  const create = plan.steps.find((step) => step.kind === 'create-container');
  expect(create?.body.Env).toContain('DB_PASSWORD=hunter2');
});

const SECRET: Content = {
  kind: 'secret',
  id: 'ee11',
  path: 'secrets/pin',
  bytes: 'MTIzNA==',
  access: { uid: 0, gid: 0, mode: 0o444 },
};
const PIN: readonly Mount[] = [{ type: 'content', target: '/run/secrets/pin', read_only: true, content: SECRET }];

test.each(['correct', 'warn'] as const)(
  'a secret that went with the memory is written again, and what could not start is started: drift: %s',
  (drift) => {
    const desired = kiosk([serviceOf('web', { mounts: PIN, restart: 'always' })], { drift });
    const host = after((web, { world }) => {
      world.content.delete('ee11');
      world.stop(web);
    }, desired);
    expect(host.text(desired)).toBe(
      `1. write content  kiosk/web  volumes./run/secrets/pin: secret ee11 missing → secret ee11
2. start          kiosk/web  state: exited (0) → running`,
    );
    host.converge(desired);
    expect(host.text(desired)).toBe('');
  },
);

test('a secret that was edited is only reported under drift: warn', () => {
  const desired = kiosk([serviceOf('web', { mounts: PIN })], { drift: 'warn' });
  const host = after((_, { world }) => world.content.set('ee11', { kind: 'edited', paths: [] }), desired);
  expect(host.text(desired)).toBe('');
  expect(host.plan(desired).differences).toHaveLength(1);
});
