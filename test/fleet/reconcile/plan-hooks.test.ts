// Commands in a container after its start and before its stop.
import { expect, test } from 'vitest';
import type { Service } from '../../../fleet/model/service.ts';
import { kiosk, needs, serviceOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const hooked = (parts: Partial<Service> = {}) =>
  serviceOf('web', { post_start: [{ command: ['warm'] }], pre_stop: [{ command: ['drain'] }], ...parts });

function ranIn({ world }: Host, name = 'kiosk-web-1'): readonly string[] {
  return world.find(name)?.hooks ?? [];
}

test('hooks run one after the other once the container has started, and what depends on it waits for them', () => {
  const host = createHost(REGISTRY);
  const web = serviceOf('web', { post_start: [{ command: ['one'] }, { command: ['two'] }] });
  const desired = kiosk([web, serviceOf('till', { depends_on: needs('web') })]);
  const { steps } = host.plan(desired);
  expect(steps.filter(({ kind }) => kind === 'run-hook').map(({ cause, after }) => [cause, after])).toEqual([
    ['post_start 1 of 2', ['start-container kiosk/web']],
    ['post_start 2 of 2', ['start-container kiosk/web', 'run-hook kiosk/web post_start 1 of 2']],
  ]);
  expect(steps.find(({ id }) => id === 'start-container kiosk/till')?.after).toContain(
    'run-hook kiosk/web post_start 2 of 2',
  );
  host.converge(desired);
  expect(ranIn(host)).toEqual(['one', 'two']);
  expect(host.text(desired)).toBe('');
});

test('a hook that fails fails the start, and is run again until it ends well', () => {
  const host = createHost(REGISTRY);
  const desired = kiosk([hooked(), serviceOf('till', { depends_on: needs('web') })]);
  const fails = {
    fate: ({ kind }: { kind: string }) => (kind === 'run-hook' ? ('failed' as const) : ('done' as const)),
  };
  const { failed, skipped } = host.round(desired, fails);
  expect(failed.map(({ step }) => step.id)).toEqual(['run-hook kiosk/web post_start']);
  expect(skipped.map(({ id }) => id)).toContain('start-container kiosk/till');
  expect(host.text(desired)).toContain('post_start');
  host.converge(desired);
  expect(ranIn(host)).toEqual(['warm']);
  expect(host.text(desired)).toBe('');
});

test('a hook that fails in a replacement is run again until it ends well', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([hooked()]));
  const next = kiosk([hooked({ user: '1' })]);
  const { failed } = host.round(next, {
    fate: ({ id }) => (id === 'run-hook kiosk/web post_start' ? 'failed' : 'done'),
  });
  expect(failed).toHaveLength(1);
  expect(host.text(next)).toBe('1. run hook  kiosk/web  post_start');
  host.converge(next);
  expect(ranIn(host)).toEqual(['warm']);
});

test('the old container is told before it is stopped, with the hooks that it was made with', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([hooked()]));
  const old = host.world.find('kiosk-web-1');
  const next = kiosk([hooked({ user: '1', pre_stop: [{ command: ['other'] }] })]);
  const { steps } = host.plan(next);
  const stop = steps.find(({ kind }) => kind === 'stop-container');
  expect(stop?.after).toContain('run-hook kiosk/web pre_stop');
  host.converge(next);
  expect(old?.hooks).toEqual(['warm', 'drain']);
  expect(ranIn(host)).toEqual(['warm']);
});

test('what Git no longer declares is told before it is removed', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([hooked()]));
  const old = host.world.find('kiosk-web-1');
  host.converge(kiosk([]));
  expect(old?.hooks).toEqual(['warm', 'drain']);
});

test('no hook keeps a container from being stopped', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([hooked()]));
  const step = host.plan(kiosk([])).steps.find(({ kind }) => kind === 'run-hook');
  expect(step).toMatchObject({ required: false, timeoutMs: 10_000 });
});

test('other hooks are no reason to touch what runs', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([hooked()]));
  const next = kiosk([hooked({ post_start: [{ command: ['other'] }], pre_stop: [] })]);
  expect(host.text(next)).toBe('');
  expect(host.plan(next).differences).toEqual([]);
});

test('a container that was found stopped is started with its hooks', () => {
  const host = createHost(REGISTRY);
  host.converge(kiosk([hooked()]));
  const machine = host.world.find('kiosk-web-1');
  if (machine === undefined) throw new Error('no container');
  host.world.stop(machine);
  host.converge(kiosk([hooked()]));
  expect(machine.hooks).toEqual(['warm', 'warm']);
});
