// The small parts of the core, one by one.
import { describe, expect, test } from 'vitest';
import type { ContainerInspect } from '../../../fleet/engine/inspect.ts';
import { serviceHealth } from '../../../fleet/reconcile/health.ts';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { inOrder } from '../../../fleet/reconcile/order.ts';
import { formatCause, formatValue } from '../../../fleet/reconcile/text.ts';
import { looksSecret } from '../../../fleet/secret.ts';
import { contentMount, kiosk, networkOf, serviceOf, volumeOf } from './support/desired.ts';

describe('health', () => {
  const healthOf = (state: Partial<ContainerInspect['State']>, restart?: string, stoppedByRequest = false) => {
    const State = { Status: 'running', ...state } as const;
    const inspect: ContainerInspect = {
      ...{ Id: 'x', Name: '/x', Image: 'x', RestartCount: 3, State },
      ...{ Config: {}, HostConfig: { Memory: 64 * 1024 ** 2 }, NetworkSettings: {} },
    };
    const { health, message } = serviceHealth({ inspect, stoppedByRequest }, restart);
    return message === undefined ? health : `${health}: ${message}`;
  };

  test.each([
    ['Healthy', healthOf({})],
    ['Healthy', healthOf({ Health: { Status: 'healthy' } })],
    ['Progressing: health check has not passed yet', healthOf({ Health: { Status: 'starting' } })],
    ['Degraded: unhealthy: no', healthOf({ Health: { Status: 'unhealthy', Log: [{ Output: 'no\n' }] } })],
    ['Degraded: unhealthy', healthOf({ Health: { Status: 'unhealthy', Log: null } })],
    ['Suspended: paused', healthOf({ Status: 'paused' })],
    ['Progressing: not started yet', healthOf({ Status: 'created' })],
    ['Degraded: port taken', healthOf({ Status: 'created', Error: 'port taken' })],
    ['Degraded: restarting (3 times), exited with code 1', healthOf({ Status: 'restarting', ExitCode: 1 })],
    ['Healthy', healthOf({ Status: 'exited', ExitCode: 0 }, 'no')],
    ['Healthy', healthOf({ Status: 'exited', ExitCode: 0 }, 'on-failure:3')],
    ['Degraded: exited with code 0', healthOf({ Status: 'exited', ExitCode: 0 }, 'always')],
    ['Degraded: exited with code 0', healthOf({ Status: 'exited', ExitCode: 0 }, 'no', true)],
    ['Degraded: out of memory (limit 64 MiB)', healthOf({ Status: 'exited', ExitCode: 137, OOMKilled: true })],
    ['Degraded: dead', healthOf({ Status: 'dead' })],
  ])('%s', (expected, found) => {
    expect(found).toBe(expected);
  });

  test('a service without a container is missing', () => {
    expect(serviceHealth(undefined, undefined).health).toBe('Missing');
  });
});

test('what is needed comes first, and otherwise the given order stays', () => {
  const needs: Record<string, string[]> = { a: ['c'], b: [], c: ['elsewhere'], d: ['a', 'b'] };
  const order = inOrder(
    ['d', 'a', 'b', 'c'],
    (name) => name,
    (name) => needs[name] ?? [],
  );
  expect(order).toEqual(['c', 'a', 'b', 'd']);
});

test.each(['DB_PASSWORD', 'API_KEY', 'token', 'MY_SECRET_VALUE', 'SSH_PRIVATE', 'SENTRY_DSN', 'PASSWD'])(
  '%s looks secret',
  (name) => {
    expect(looksSecret(name)).toBe(true);
  },
);

test.each(['TZ', 'KEYBOARD', 'MODE', 'PORT', 'HOSTNAME'])('%s does not look secret', (name) => {
  expect(looksSecret(name)).toBe(false);
});

test('values are shown on one line and cut', () => {
  expect(formatValue(null)).toBe('none');
  expect(formatValue('')).toBe('""');
  expect(formatValue(['a', 'b'])).toBe('[a, b]');
  expect(formatValue('two\nlines')).toBe('two lines');
  expect(formatValue('x'.repeat(100))).toBe(`${'x'.repeat(79)}…`);
});

test('a cause names four differences and counts the rest', () => {
  const differences = Array.from({ length: 6 }, (_, index) => ({
    ...{ resource: '', app: '', kind: 'field' as const, origin: 'change' as const },
    ...{ field: `f${index}`, desired: 1, observed: 0 },
  }));
  expect(formatCause(differences)).toBe('f0: 0 → 1; f1: 0 → 1; f2: 0 → 1; f3: 0 → 1; and 2 more');
});

test('a look covers every declared name, and listed networks and volumes, once', () => {
  const services = [
    serviceOf('a', { mounts: [contentMount('/x', 'c1'), contentMount('/y', 'c1')] }),
    serviceOf('b', { image: 'nginx:2' }),
    serviceOf('c'),
  ];
  const desired = kiosk(services, { networks: [networkOf('front')], volumes: [volumeOf('data')] });
  const item = { resource: '', app: '', applied: {}, revision: '' };
  const look = lookFor(desired, [
    { ...item, kind: 'network', name: 'old_net' },
    { ...item, kind: 'network', name: 'kiosk_front' },
    { ...item, kind: 'volume', name: 'old_data' },
  ]);
  expect({ ...look, contents: look.contents.map(({ id }) => id) }).toEqual({
    containerNames: ['kiosk-a-1', 'kiosk-b-1', 'kiosk-c-1'],
    networkNames: ['kiosk_front', 'old_net'],
    volumeNames: ['kiosk_data', 'old_data'],
    images: ['nginx:1', 'nginx:2'],
    contents: ['c1'],
    live: [],
  });
});
