// What is planned for content that changes under its container (`x-holdfast-reload`): the container stays and is told.
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { contentMount, kiosk, serviceOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import type { Machine } from './support/machine.ts';

const TARGET = '/etc/site.conf';

function state(id: string, parts: Partial<Service> = {}, drift: 'correct' | 'warn' = 'correct'): Desired {
  return kiosk([serviceOf('web', { reload: 'SIGHUP', mounts: [contentMount(TARGET, id)], ...parts })], { drift });
}

function converged(desired = state('aa')): Host {
  const host = createHost(REGISTRY);
  host.converge(desired);
  return host;
}

function web({ world }: Host): Machine {
  const machine = world.find('kiosk-web-1');
  if (machine === undefined) throw new Error('no kiosk-web-1');
  return machine;
}

function placeOf(host: Host): string {
  return web(host).mounts[0]?.Source?.split('/').at(-2) ?? '';
}

test('what was applied plans nothing', () => {
  const host = converged();
  expect(host.text(state('aa'))).toBe('');
});

const CHANGES: Readonly<Record<string, readonly [string, string[]]>> = {
  'a signal is sent once the bytes are there': [
    'SIGHUP',
    [
      '1. write content  kiosk/web  volumes./etc/site.conf: content aa → content bb',
      '2. signal         kiosk/web  its content was rewritten: SIGHUP',
    ],
  ],
  'the container is restarted': [
    'restart',
    [
      '1. write content  kiosk/web  volumes./etc/site.conf: content aa → content bb',
      '2. restart        kiosk/web  its content was rewritten',
    ],
  ],
  'nobody is told': ['none', ['1. write content  kiosk/web  volumes./etc/site.conf: content aa → content bb']],
};

test.each(Object.entries(CHANGES))('%s, and the container stays', (_name, [reload, lines]) => {
  const host = converged(state('aa', { reload }));
  const { id } = web(host);
  expect(host.text(state('bb', { reload }))).toBe(lines.join('\n'));
  host.converge(state('bb', { reload }));
  expect(web(host).id).toBe(id);
  expect(host.world.live.get(placeOf(host))).toEqual({ id: 'bb' });
});

test('the way back is the same', () => {
  const host = converged();
  host.converge(state('bb'));
  host.converge(state('aa'));
  expect(web(host).signals).toEqual(['SIGHUP', 'SIGHUP']);
  expect(web(host).known).toBe('aa');
});

test('a container that keeps the name that somebody gave it is told once', () => {
  const host = converged(state('aa', {}, 'warn'));
  const machine = web(host);
  machine.name = 'by-hand';
  host.converge(state('bb', {}, 'warn'));
  expect(machine).toMatchObject({ name: 'by-hand', known: 'bb', signals: ['SIGHUP'] });
});

test('what Git changed is a change, what was edited on the host is drift', () => {
  const host = converged();
  expect(host.plan(state('bb')).differences).toMatchObject([
    { origin: 'change', desired: 'content bb', observed: 'content aa' },
  ]);
  host.world.live.set(placeOf(host), { id: 'edited by hand' });
  expect(host.plan(state('aa')).differences).toMatchObject([
    { origin: 'drift', desired: 'content aa', observed: 'content aa edited' },
  ]);
  expect(host.text(state('aa', {}, 'warn'))).toBe('');
  host.converge(state('aa'));
  expect(web(host).signals).toEqual(['SIGHUP']);
});

test('a file that somebody replaced is made again, and its container restarted: it sees the old one', () => {
  const host = converged();
  host.world.live.set(placeOf(host), { id: 'aa', moved: true });
  expect(host.text(state('aa'))).toBe('');
  host.converge(state('bb'));
  expect([web(host).known, web(host).signals]).toEqual(['bb', []]);
});

const CRASHES = ['write-live', 'signal-container'].flatMap((kind) =>
  (['crash-before', 'crash-after', 'failed', 'lost'] as const).map((fate) => [kind, fate] as const),
);

test.each(CRASHES)('%s: %s is made good by the next cycle', (kind, fate) => {
  const host = converged();
  host.round(state('bb'), { fate: (step) => (step.kind === kind ? fate : 'done') });
  host.converge(state('bb'));
  expect(web(host).known).toBe('bb');
  expect(host.text(state('bb'))).toBe('');
});

test('bytes that were half written are taken back under drift: warn too, when Git takes them back', () => {
  const host = converged(state('aa', {}, 'warn'));
  host.round(state('bb', {}, 'warn'), { fate: ({ kind }) => (kind === 'write-live' ? 'crash-after' : 'done') });
  host.converge(state('aa', {}, 'warn'));
  expect(web(host).known).toBe('aa');
});

test('a container that is replaced never sees the bytes of its replacement', () => {
  const host = converged();
  const before = placeOf(host);
  host.round(state('bb', { image: 'nginx:2' }), {
    after: ({ kind }) => {
      if (kind === 'write-live') expect(host.world.live.get(before)).toEqual({ id: 'aa' });
    },
  });
  expect(placeOf(host)).not.toBe(before);
  expect(web(host).known).toBe('bb');
  host.converge(state('aa'));
  expect(placeOf(host)).toBe(before);
});

test.each([
  ['the key is added', { reload: undefined }, {}],
  ['the key is taken out', {}, { reload: undefined }],
  ['the mount becomes read-only', {}, { mounts: [contentMount(TARGET, 'aa', { read_only: true })] }],
  ['a mount is added', {}, { mounts: [contentMount(TARGET, 'aa'), contentMount('/etc/more.conf', 'cc')] }],
] as const)('the container is replaced when %s', (_name, before, after) => {
  const without = (parts: { readonly reload?: undefined; readonly mounts?: Service['mounts'] }): Desired => {
    const { apps, ...rest } = state('aa', parts.mounts === undefined ? {} : { mounts: parts.mounts });
    if (!('reload' in parts)) return { apps, ...rest };
    return {
      ...rest,
      apps: apps.map((app) => ({ ...app, services: app.services.map(({ reload: _, ...one }) => one) })),
    };
  };
  const host = converged(without(before));
  const { id } = web(host);
  host.converge(without(after));
  expect(web(host).id).not.toBe(id);
  expect(host.text(without(after))).toBe('');
});

test('a container that ended reads nothing again: other content is another run', () => {
  const job: Partial<Service> = { command: ['one-shot'], restart: 'no' };
  const host = converged(state('aa', job));
  const { id } = web(host);
  host.converge(state('bb', job));
  expect(web(host).id).not.toBe(id);
});

test('a stopped container is started on the new bytes, without a signal', () => {
  const host = converged();
  host.world.stop(web(host));
  host.converge(state('bb'));
  expect([web(host).known, web(host).signals]).toEqual(['bb', []]);
});

test('a paused container is told once it goes on', () => {
  const host = converged();
  web(host).status = 'paused';
  const steps = host.plan(state('bb')).steps.map(({ kind }) => kind);
  expect(steps).toEqual(['write-live', 'unpause-container', 'signal-container']);
});
