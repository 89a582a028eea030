// What a plan waits for: dependencies that are not ready, images that have to be pulled, content that was written again.
import { expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import { appOf, contentMount, desiredOf, kiosk, needs, networkOf, on, serviceOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import type { Machine } from './support/machine.ts';

function machineOf({ world }: Host, name: string): Machine {
  const machine = world.find(name);
  if (machine === undefined) throw new Error(`no ${name}`);
  return machine;
}

/** Still at work. */
const job = serviceOf('job', { restart: 'no' });
const afterJob = serviceOf('web', { depends_on: needs('job', 'service_completed_successfully') });

test('a dependency that is still at work is waited for, though nothing is planned for it', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([job]));
  expect(host.text(kiosk([job, afterJob]))).toBe(
    [
      '1. create    kiosk/web  new service',
      '2. wait for  kiosk/job  what depends on it needs it completed',
      '3. start     kiosk/web  new service',
    ].join('\n'),
  );
});

test('what runs as declared is left alone while its dependency is not ready', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([job, serviceOf('web')]));
  expect(host.text(kiosk([job, afterJob]))).toBe('');
});

test('a service does not start while its dependency is blocked', () => {
  const host = createHost(REGISTRY);
  const db = serviceOf('db', { networks: on('lan') });
  const web = serviceOf('web', { depends_on: needs('db', 'service_healthy') });
  const networks = [networkOf('lan', { name: 'shop-lan', external: true })];
  const { steps, blocked } = host.plan(kiosk([db, web], { networks }));
  expect(steps).toEqual([]);
  expect(blocked.map(({ resource, reason }) => `${resource} ${reason}`)).toEqual([
    'network:kiosk/lan DependencyNotReady',
    'service:kiosk/web DependencyNotReady',
  ]);
  expect(blocked[1]?.message).toContain('db');
});

test('under drift: warn, a service does not start on a dependency that is left stopped', () => {
  const host = createHost(REGISTRY);
  const db = serviceOf('db');
  host.converge(kiosk([db], { drift: 'warn' }));
  host.world.stop(machineOf(host, 'kiosk-db-1'));
  const web = serviceOf('web', { depends_on: needs('db', 'service_healthy') });
  const { steps, blocked } = host.plan(kiosk([db, web], { drift: 'warn' }));
  expect(steps).toEqual([]);
  expect(blocked.map(({ reason }) => reason)).toEqual(['DependencyNotReady']);
});

test('what drifted is made again from the image on the host, whatever pull_policy says', () => {
  const host = createHost(REGISTRY);
  const state = (image: string) => kiosk([serviceOf('web', { image, pull_policy: 'always' })]);
  host.converge(state('nginx:1'));
  host.world.registry.clear();
  host.world.machines.delete(machineOf(host, 'kiosk-web-1').id);
  expect(host.text(state('nginx:1'))).toBe('1. create  kiosk/web  not there\n2. start   kiosk/web  not there');
  host.converge(state('nginx:1'));
  machineOf(host, 'kiosk-web-1').status = 'dead';
  expect(host.text(state('nginx:1'))).not.toContain('pull');
  expect(host.text(state('nginx:2'))).toContain('1. pull');
  host.world.images.clear();
  expect(host.text(state('nginx:1'))).toContain('1. pull');
});

test('an image that cannot be pulled holds back nothing of an app that does not depend on it', () => {
  const host = createHost(REGISTRY);
  const apps = (till: string, kioskImage: string, services: readonly string[], dependsOn: readonly string[] = []) =>
    desiredOf([
      appOf('till', { services: [serviceOf('ui', { container_name: 'till-ui-1', image: till })] }),
      appOf('kiosk', { dependsOn, services: services.map((name) => serviceOf(name, { image: kioskImage })) }),
    ]);
  host.converge(apps('nginx:1', 'nginx:1', ['web', 'old']));
  host.world.images.set('nginx:2', REGISTRY[1] ?? { Id: 'sha256:2' });
  const dependent = host.plan(apps('nginx:404', 'nginx:2', ['web'], ['till']));
  const stops = dependent.steps.filter(({ kind, app }) => kind === 'stop-container' && app === 'kiosk');
  expect(stops.map(({ after }) => after.includes('pull-image nginx:404'))).toEqual([true, true]);
  const { failed } = host.round(apps('nginx:404', 'nginx:2', ['web']));
  expect(failed.map(({ step }) => step.kind)).toEqual(['pull-image']);
  expect([...host.world.machines.values()].map(({ name, config }) => `${name} ${config.Image}`).sort()).toEqual([
    'kiosk-web-1 nginx:2',
    'till-ui-1 nginx:1',
  ]);
});

const site = (drift: 'correct' | 'warn' = 'correct'): Desired =>
  kiosk([serviceOf('web', { mounts: [contentMount('/etc/site.conf', 'aa00')] })], { drift });

/** The agent died right after it had written edited content again. */
function diedAfterRewrite(): Host {
  const host = createHost(REGISTRY);
  host.converge(site());
  host.world.content.set('aa00', { kind: 'edited', paths: ['site.conf'] });
  const { crashed } = host.round(site(), { fate: ({ kind }) => (kind === 'write-content' ? 'crash-after' : 'done') });
  expect(crashed).toBe(true);
  return host;
}

test.each(['running', 'restarting'] as const)(
  'a container that is %s is restarted once when the agent died after writing its content again',
  (status) => {
    const host = diedAfterRewrite();
    machineOf(host, 'kiosk-web-1').status = status;
    expect(host.text(site())).toBe('1. restart  kiosk/web  its content was rewritten');
    expect(host.round(site(), { fate: () => 'failed' }).failed).toHaveLength(1);
    expect(host.text(site())).toBe('1. restart  kiosk/web  its content was rewritten');
    host.converge(site());
    expect(host.text(site())).toBe('');
  },
);

test('a paused container whose content was written again is unpaused and restarted', () => {
  const host = diedAfterRewrite();
  machineOf(host, 'kiosk-web-1').status = 'paused';
  expect(host.text(site())).toBe(
    '1. unpause  kiosk/web  its content was rewritten\n2. restart  kiosk/web  its content was rewritten',
  );
  host.converge(site());
  expect(machineOf(host, 'kiosk-web-1').status).toBe('running');
});
