// One-shots run once for each spec: what counts as their end, what is remembered, and what is planned for them.
import { describe, expect, test } from 'vitest';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { healthOf } from '../../../fleet/reconcile/health.ts';
import { MAX_COMPLETED } from '../../../fleet/reconcile/inventory-item.ts';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { completedOneShots, isOneShot, specsOf } from '../../../fleet/reconcile/one-shot.ts';
import { appOf, DEVICE, kiosk, needs, PATHS, serviceOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';
import type { Machine } from './support/machine.ts';

const RESOURCE = 'service:kiosk/job';
const WEB = serviceOf('web', { depends_on: needs('job', 'service_completed_successfully') });

/** A job that ends at once and well, and a service that waits for it. */
function state(parts: Partial<Service> = {}, version = '1'): Desired {
  return kiosk([serviceOf('job', { restart: 'no', command: ['one-shot', version], ...parts }), WEB]);
}

/** The same with a job that is at work until `end`. */
const atWork = (parts: Partial<Service> = {}) => state({ command: ['work'], ...parts });

function jobOf({ world }: Host): Machine {
  const machine = world.find('kiosk-job-1');
  if (machine === undefined) throw new Error('no job');
  return machine;
}

function end(host: Host, exitCode: number, parts: Partial<Machine> = {}): void {
  Object.assign(jobOf(host), { status: 'exited', exitCode, ...parts });
}

function converged(desired = state()): Host {
  const host = createHost(REGISTRY);
  host.converge(desired);
  return host;
}

/** The job was started, and nobody waits for it in this round. */
function started(desired = atWork()): Host {
  const host = createHost(REGISTRY);
  host.round(desired);
  return host;
}

function health(host: Host, desired: Desired): string {
  const observed = host.world.observe(lookFor(desired, host.inventory));
  const completed = completedOneShots(desired, PATHS, host.inventory);
  const [app] = desired.apps;
  const job = app?.services.find(({ name }) => name === 'job');
  if (app === undefined || job === undefined) throw new Error('no job is declared');
  const { health: word, message } = healthOf(DEVICE, app, job, { ...observed, completed });
  return message === undefined ? word : `${word}: ${message}`;
}

describe('a one-shot is', () => {
  const job = serviceOf('job');
  test.each([
    ['what says restart: "no"', [serviceOf('job', { restart: 'no' })], true],
    ['what somebody waits for the end of', [job, WEB], true],
    ['that under on-failure too', [serviceOf('job', { restart: 'on-failure:3' }), WEB], true],
    ['not what only starts first', [job, serviceOf('web', { depends_on: needs('job') })], false],
    ['not what says nothing', [job], false],
    ['not what is always restarted', [serviceOf('job', { restart: 'always' }), WEB], false],
    [
      'not what another service lives in',
      [serviceOf('job', { restart: 'no' }), serviceOf('web', { network_mode: 'service:job' })],
      false,
    ],
  ] as const)('%s', (_what, services, expected) => {
    expect(isOneShot(appOf('kiosk', { services }), services[0] ?? job)).toBe(expected);
  });
});

describe('a one-shot that has run', () => {
  test('is not run again after its container was pruned, and what waits for it starts all the same', () => {
    const host = converged();
    host.world.machines.delete(jobOf(host).id);
    expect(host.text(state())).toBe('');
    expect(host.plan(state()).differences).toEqual([]);
    const web = host.world.find('kiosk-web-1');
    host.world.machines.delete(web?.id ?? '');
    expect(host.text(state())).toBe('1. create  kiosk/web  not there\n2. start   kiosk/web  not there');
    host.converge(state());
    expect(health(host, state())).toBe('Healthy');
    expect(specsOf(RESOURCE, host.inventory)).toHaveLength(1);
  });

  test('runs again when its spec changes, and not when that is taken back', () => {
    const host = converged();
    const first = jobOf(host).id;
    expect(host.text(state({}, '2'))).toContain('create  kiosk/job  command: [one-shot, 1] → [one-shot, 2]');
    host.converge(state({}, '2'));
    const second = jobOf(host).id;
    expect(second).not.toBe(first);
    expect(host.text(state({}, '1'))).toBe('');
    expect(health(host, state({}, '1'))).toBe('Healthy');
    host.converge(state({}, '1'));
    expect(jobOf(host).id).toBe(second);
  });

  test('is told to be well beside a container of another spec that failed', () => {
    const host = converged();
    host.round(state({ command: ['work'] }));
    end(host, 1);
    expect(host.text(state())).toBe('');
    expect(health(host, state())).toBe('Healthy');
  });

  test('does not leave a run at work that Git took back', () => {
    const host = converged();
    host.round(atWork());
    expect(host.text(state())).toBe(
      '1. stop    kiosk/job  it runs what is not declared any more\n2. remove  kiosk/job  it runs what is not declared any more',
    );
    host.converge(state());
    expect(host.world.find('kiosk-job-1')).toBeUndefined();
  });

  test('is not run again for what is changed in place, with its container or without', () => {
    const more = state({ mem_limit: 64 * 1024 ** 2 });
    const host = converged();
    expect(host.text(more)).toMatch(/^1\. update {2}kiosk\/job/);
    host.converge(more);
    expect(specsOf(RESOURCE, host.inventory)).toHaveLength(2);
    host.world.machines.delete(jobOf(host).id);
    expect(host.text(more)).toBe('');
  });

  test('keeps that under another container name', () => {
    const host = converged();
    host.world.machines.delete(jobOf(host).id);
    const renamed = serviceOf('job', { restart: 'no', command: ['one-shot', '1'], container_name: 'kiosk-setup' });
    host.converge(kiosk([renamed, WEB]));
    expect(host.world.find('kiosk-setup')).toBeDefined();
    expect(host.text(state())).toBe('');
  });

  test('is forgotten once it is declared no more', () => {
    const host = converged();
    host.converge(kiosk([serviceOf('web')]));
    host.converge(kiosk([serviceOf('web')]));
    expect(specsOf(RESOURCE, host.inventory)).toEqual([]);
  });

  test('is remembered for the last few specs', () => {
    const host = converged();
    for (let version = 2; version <= MAX_COMPLETED + 1; version++) host.converge(state({}, String(version)));
    expect(specsOf(RESOURCE, host.inventory)).toHaveLength(MAX_COMPLETED);
    expect(host.text(state({}, '2'))).toBe('');
    expect(host.text(state({}, '1'))).toContain('create  kiosk/job');
  });

  test('by itself: what ended well on request has not', () => {
    const host = started();
    end(host, 0, { stoppedByRequest: true });
    expect(host.text(atWork())).toContain('start     kiosk/job  state: exited (0) → running');
  });
});

describe('a one-shot that failed', () => {
  test('stays failed, with its exit code, and what waits for it does not start', () => {
    const host = started();
    end(host, 3);
    const { steps, differences, blocked } = host.plan(atWork());
    expect(steps).toEqual([]);
    expect(differences.filter(({ resource }) => resource === RESOURCE)).toEqual([]);
    const message = 'it depends on job, which exited with 3';
    const web = { resource: 'service:kiosk/web', app: 'kiosk', reason: 'DependencyNotReady', message, hopeless: true };
    expect(blocked).toEqual([web]);
    expect(health(host, atWork())).toBe(
      'Degraded: exited with code 3; it runs again when its spec changes or its container is removed',
    );
    host.round(atWork());
    expect(specsOf(RESOURCE, host.inventory)).toEqual([]);
  });

  test.each([
    ['needs another container', { environment: { RETRY: '1' } }],
    ['could be changed in place', { mem_limit: 64 * 1024 ** 2 }],
  ])('runs again with a spec that %s, and once', (_what, parts) => {
    const host = started();
    end(host, 3);
    host.round(atWork());
    const failed = jobOf(host).id;
    const next = atWork(parts);
    expect(host.text(next)).toContain('create    kiosk/job');
    host.round(next);
    expect(jobOf(host).id).not.toBe(failed);
    end(host, 3);
    expect(host.plan(next).steps).toEqual([]);
  });

  test('runs again when its container was removed', () => {
    const host = started();
    end(host, 3);
    host.world.machines.delete(jobOf(host).id);
    expect(host.text(atWork())).toContain('create    kiosk/job');
  });
});

describe('an end with', () => {
  test.each([
    ['exit code 1', 1, {}, false],
    ['exit code 1 on request', 1, { stoppedByRequest: true }, true],
    ['137, killed', 137, {}, true],
    ['143, asked to end', 143, {}, true],
    ['255, the Engine was killed under it', 255, {}, true],
    ['137, out of memory', 137, { outOfMemory: true }, false],
  ] as const)('%s', (_what, code, parts, again) => {
    const host = started();
    end(host, code, parts);
    expect(
      host.plan(atWork()).steps.some(({ kind, resource }) => kind === 'start-container' && resource === RESOURCE),
    ).toBe(again);
  });
});
