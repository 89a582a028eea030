// A replacement that cannot be started: the good container is never given up for it.
import { expect, test } from 'vitest';
import { kiosk, needs, networkOf, on, serviceOf } from './support/desired.ts';
import { createHost, type Host } from './support/host.ts';
import { REGISTRY } from './support/images.ts';

const state = (image: string, drift: 'correct' | 'warn' = 'correct', network = 'front') =>
  kiosk([serviceOf('web', { image, networks: on(network) })], { drift, networks: [networkOf(network)] });

const machines = ({ world }: Host) => [...world.machines.values()].map(({ name, status }) => `${name} ${status}`);

/** A host on which nginx:2 cannot be started, right after it was tried for the first time. */
function tried(drift: 'correct' | 'warn' = 'correct', network = 'front'): Host {
  const host = createHost(REGISTRY);
  host.world.broken.set('nginx:2', 'exec: "nginx": not found');
  host.converge(state('nginx:1', drift));
  const { failed } = host.round(state('nginx:2', drift, network));
  expect(failed.map(({ step }) => step.kind)).toEqual(['start-container']);
  expect(machines(host)).toEqual(['kiosk-web-1 exited', 'kiosk-web-1--next created']);
  return host;
}

test.each(['correct', 'warn'] as const)(
  'under drift: %s, the old container starts again when its replacement cannot be started',
  (drift) => {
    const host = tried(drift);
    expect(host.text(state('nginx:2', drift))).toBe(
      [
        '1. start  kiosk/web  the replacement did not start: exec: "nginx": not found',
        'blocked  service:kiosk/web  ReconciliationFailed: the replacement did not start: exec: "nginx": not found; the old container stays. Declare what can start, or remove the container kiosk-web-1--next to try again',
      ].join('\n'),
    );
    expect(host.round(state('nginx:2', drift)).failed).toEqual([]);
    expect(machines(host)).toEqual(['kiosk-web-1 running', 'kiosk-web-1--next created']);
  },
);

test('the old container is not interrupted again for a replacement that is known not to start', () => {
  const host = tried();
  host.round(state('nginx:2'));
  const { steps, blocked, differences } = host.plan(state('nginx:2'));
  expect(steps).toEqual([]);
  expect(blocked.map(({ reason }) => reason)).toEqual(['ReconciliationFailed']);
  expect(differences.map(({ field, origin }) => `${field} ${origin}`)).toEqual(['image change']);
});

test('when Git moves on, the failed replacement is removed and the new one takes over', () => {
  const host = tried();
  host.round(state('nginx:2'));
  host.converge(state('nginx:3'));
  expect(machines(host)).toEqual(['kiosk-web-1 running']);
});

test('when Git goes back, the failed replacement is removed and the old container stays', () => {
  const host = tried();
  host.round(state('nginx:2'));
  const id = host.world.find('kiosk-web-1')?.id;
  host.converge(state('nginx:1'));
  expect(machines(host)).toEqual(['kiosk-web-1 running']);
  expect(host.world.find('kiosk-web-1')?.id).toBe(id);
});

test('when the failed replacement is removed by hand, another is tried', () => {
  const host = tried();
  host.round(state('nginx:2'));
  host.world.machines.delete(host.world.find('kiosk-web-1--next')?.id ?? '');
  host.world.broken.clear();
  host.converge(state('nginx:2'));
  expect(machines(host)).toEqual(['kiosk-web-1 running']);
});

test('when the old container cannot be started either, the replacement is tried again', () => {
  const host = tried();
  host.world.broken.set('nginx:1', 'port is already allocated');
  expect(host.round(state('nginx:2')).failed).toHaveLength(1);
  host.world.broken.clear();
  host.converge(state('nginx:2'));
  expect(machines(host)).toEqual(['kiosk-web-1 running']);
  expect(host.world.find('kiosk-web-1')?.config.Image).toBe('nginx:2');
});

test('an old container that serves on is moved to the networks that are declared now', () => {
  const host = tried('correct', 'back');
  host.round(state('nginx:2', 'correct', 'back'));
  expect(machines(host)).toEqual(['kiosk-web-1 running', 'kiosk-web-1--next created']);
  expect([...(host.world.find('kiosk-web-1')?.endpoints.keys() ?? [])]).toEqual(['kiosk_back']);
});

test('what depends on a replaced service waits until its name leads to the new container', () => {
  const host = createHost(REGISTRY);
  const db = (image: string) => serviceOf('db', { image, healthcheck: { test: ['CMD', 'true'] } });
  host.converge(kiosk([db('nginx:1')]));
  const web = serviceOf('web', { depends_on: needs('db', 'service_healthy') });
  const { steps } = host.plan(kiosk([db('nginx:2'), web]));
  expect(steps.find(({ kind }) => kind === 'await-service')?.after).toEqual(['rename-container kiosk/db']);
});
