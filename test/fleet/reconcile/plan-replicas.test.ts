// A service with several containers: more, fewer, and changed from one to the next.
import { expect, test } from 'vitest';
import type { Step } from '../../../fleet/model/plan.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { makePlan } from '../../../fleet/reconcile/plan.ts';
import { kiosk, needs, serviceOf } from './support/desired.ts';
import { createHost } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

function web(count: number, parts: Partial<Service> = {}): Service[] {
  return Array.from({ length: count }, (_, index) =>
    serviceOf('web', { number: index + 1, container_name: `kiosk-web-${index + 1}`, ...parts }),
  );
}

test('each has a container and a number of its own', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk(web(2)));
  expect(host.text(kiosk(web(2)))).toBe('');
  const labels = [...host.world.machines.values()].map(({ name, config }) => [
    name,
    config.Labels?.['com.docker.compose.container-number'],
  ]);
  expect(labels).toEqual([
    ['kiosk-web-1', '1'],
    ['kiosk-web-2', '2'],
  ]);
});

test('more make the new ones only', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk(web(1)));
  expect(host.text(kiosk(web(3)))).toBe(
    [
      '1. create  kiosk/web#2  new service',
      '2. start   kiosk/web#2  new service',
      '3. create  kiosk/web#3  new service',
      '4. start   kiosk/web#3  new service',
    ].join('\n'),
  );
});

test('fewer remove the surplus only, the highest numbers', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk(web(3)));
  const plan = host.plan(kiosk(web(1)));
  expect(plan.steps.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    'stop-container kiosk/web#2',
    'remove-container kiosk/web#2',
    'stop-container kiosk/web#3',
    'remove-container kiosk/web#3',
  ]);
  host.converge(kiosk(web(1)));
  expect([...host.world.machines.values()].map(({ name }) => name)).toEqual(['kiosk-web-1']);
});

test('a change goes from one to the next: each is healthy before the one after it stops', () => {
  const host = createHost(REGISTRY);
  const healthcheck = { test: ['CMD', 'true'] };
  host.converge(kiosk(web(2, { healthcheck })));
  const { steps } = host.plan(kiosk(web(2, { healthcheck, user: '1' })));
  const await1 = steps.find(({ kind, subject }) => kind === 'await-service' && subject === 'kiosk/web');
  const stop2 = steps.find(({ kind, subject }) => kind === 'stop-container' && subject === 'kiosk/web#2');
  expect(await1?.after).toEqual(['rename-container kiosk/web']);
  expect(stop2?.after).toContain(await1?.id);
});

test('a change that is interrupted between two goes on when the first is healthy', () => {
  let health: 'starting' | 'healthy' = 'healthy';
  const host = createHost(REGISTRY, (input) => {
    const containers = input.observed.containers.map((one) => {
      const { inspect } = one;
      const State = { ...inspect.State, Health: { Status: inspect.Name === '/kiosk-web-1' ? health : 'healthy' } };
      return { ...one, inspect: { ...inspect, State } };
    });
    return makePlan({ ...input, observed: { ...input.observed, containers } });
  });
  const healthcheck = { test: ['CMD', 'true'] };
  const next = kiosk(web(2, { healthcheck, user: '1' }));
  host.converge(kiosk(web(2, { healthcheck })));
  const fate = ({ kind }: Step) => (kind === 'rename-container' ? 'crash-after' : 'done');
  expect(host.round(next, { fate }).crashed).toBe(true);
  const waitsFor = () => host.plan(next).steps.find(({ kind }) => kind === 'stop-container')?.after;
  health = 'starting';
  expect(waitsFor()).toContain('await-service kiosk/web service_healthy');
  health = 'healthy';
  expect(waitsFor()).not.toContain('await-service kiosk/web service_healthy');
});

test('a larger service does not restart what is restarted with it', () => {
  const host = createHost(REGISTRY);
  const state = (count: number) =>
    kiosk([...web(count), serviceOf('till', { depends_on: needs('web', 'service_started', true) })]);
  host.converge(state(1));
  expect(host.text(state(2))).not.toContain('restart');
  host.converge(state(2));
  expect(host.text(state(2))).toBe('');
});

test('while the first cannot be replaced, the others serve on', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk(web(2)));
  const before = host.world.find('kiosk-web-2')?.id;
  host.round(kiosk(web(2, { user: '1' })), {
    fate: ({ id }) => (id === 'start-container kiosk/web' ? 'failed' : 'done'),
  });
  const second = host.world.find('kiosk-web-2');
  expect(second).toMatchObject({ id: before, status: 'running' });
});

test('what depends on a service waits for all of its containers', () => {
  const host = createHost(REGISTRY);
  const services = [...web(2), serviceOf('till', { depends_on: needs('web') })];
  const start = host.plan(kiosk(services)).steps.find(({ id }) => id === 'start-container kiosk/till');
  expect(start?.after).toEqual(expect.arrayContaining(['start-container kiosk/web', 'start-container kiosk/web#2']));
});

test('one that drifts is mended alone', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk(web(2)));
  const second = host.world.find('kiosk-web-2');
  if (second === undefined) throw new Error('no second');
  host.world.stop(second);
  expect(host.text(kiosk(web(2)))).toBe('1. start  kiosk/web#2  state: exited (0) → running');
});
