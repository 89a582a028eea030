// The decisions of the Engine shell that need no Engine: versions, references, verdicts, events, shapes.
import { describe, expect, test } from 'vitest';
import { asContainer } from '../../../agent/docker/answer.ts';
import { judge } from '../../../agent/docker/await-service.ts';
import { fitsHost, pullName } from '../../../agent/docker/reference.ts';
import { negotiate } from '../../../agent/docker/version.ts';
import { eventFilters, toEvent } from '../../../agent/docker/watch.ts';
import type { ContainerInspect } from '../../../fleet/engine/inspect.ts';

describe('the API version', () => {
  const answer = { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12', Os: 'linux', Arch: 'amd64' };

  test("is the Engine's newest while that is ours at most", () => {
    expect(negotiate(answer, '/s').apiVersion).toBe('1.41');
    expect(negotiate({ ...answer, ApiVersion: '1.52' }, '/s').apiVersion).toBe('1.52');
    expect(negotiate({ ...answer, ApiVersion: '1.60', MinAPIVersion: '1.44' }, '/s').apiVersion).toBe('1.52');
  });

  test('below 1.40 is refused with what to do', () => {
    const old = () => negotiate({ ...answer, Version: '18.09.1', ApiVersion: '1.39' }, '/s');
    expect(old).toThrow(/18\.09\.1 and speaks API 1\.39; Holdfast needs API 1\.40 .* Upgrade the Engine/);
  });

  test('compares numbers, not text', () => {
    expect(() => negotiate({ ...answer, ApiVersion: '1.9' }, '/s')).toThrow('1.9');
  });

  test('of an Engine that wants a newer agent is refused', () => {
    const future = () => negotiate({ ...answer, ApiVersion: '1.70', MinAPIVersion: '1.60' }, '/s');
    expect(future).toThrow('Upgrade the agent');
  });

  test('is not guessed from an answer of another shape', () => {
    for (const body of ['<html>', null, {}, { ...answer, ApiVersion: 1.41 }]) {
      expect(() => negotiate(body, '/s')).toThrow(expect.objectContaining({ code: 'DockerUnavailable' }));
    }
  });
});

test.each([
  ['nginx', 'nginx', 'latest'],
  ['nginx:1.27', 'nginx', '1.27'],
  ['registry:5000/app', 'registry:5000/app', 'latest'],
  ['registry:5000/app:2', 'registry:5000/app', '2'],
  ['app@sha256:aa', 'app', 'sha256:aa'],
  ['registry:5000/a/b:2@sha256:aa', 'registry:5000/a/b', 'sha256:aa'],
])('%s is pulled as %s, %s', (reference, fromImage, tag) => {
  expect(pullName(reference)).toEqual({ fromImage, tag });
});

test.each([
  ['amd64', 'amd64', true],
  ['386', 'amd64', true],
  ['arm', 'arm64', true],
  ['', 'arm64', true],
  ['arm64', 'amd64', false],
  ['amd64', 'arm64', false],
  ['arm64', 'arm', false],
])('an image for %s on a host of %s fits: %s', (image, host, fits) => {
  expect(fitsHost({ os: 'linux', arch: image }, { os: 'linux', arch: host })).toBe(fits);
});

describe('a dependency condition', () => {
  const healthcheck = { Test: ['CMD', 'true'] };

  test.each([
    ['service_started', { Status: 'running' }, 'met'],
    ['service_started', { Status: 'exited', ExitCode: 0 }, 'met'],
    ['service_started', { Status: 'restarting' }, 'wait'],
    ['service_started', { Status: 'exited', ExitCode: 3 }, { why: 'it exited with 3' }],
    ['service_completed_successfully', { Status: 'running' }, 'wait'],
    ['service_completed_successfully', { Status: 'exited', ExitCode: 0 }, 'met'],
    ['service_completed_successfully', { Status: 'exited', ExitCode: 1 }, { why: 'it exited with 1' }],
    ['service_healthy', { Status: 'running', Health: { Status: 'starting' } }, 'wait'],
    ['service_healthy', { Status: 'running', Health: { Status: 'healthy' } }, 'met'],
    ['service_healthy', { Status: 'running', Health: { Status: 'unhealthy' } }, { why: 'it is unhealthy' }],
    ['service_healthy', { Status: 'paused', Health: { Status: 'healthy' } }, 'wait'],
    [
      'service_healthy',
      { Status: 'exited', ExitCode: 137, OOMKilled: true },
      { why: 'it exited with 137 (out of memory)' },
    ],
    ['service_ready', { Status: 'running', Health: { Status: 'starting' } }, 'wait'],
    ['service_ready', { Status: 'running', Health: { Status: 'healthy' } }, 'met'],
    ['service_ready', { Status: 'running', Health: { Status: 'unhealthy' } }, { why: 'it is unhealthy' }],
    ['service_ready', { Status: 'exited', ExitCode: 0 }, 'met'],
    ['service_ready', { Status: 'exited', ExitCode: 1 }, { why: 'it exited with 1' }],
  ] as const)('%s of %j: %j', (condition, state, verdict) => {
    expect(judge(container(state, { Healthcheck: healthcheck }), condition)).toEqual(verdict);
  });

  test('service_ready of a container without a health check is met while it runs', () => {
    expect(judge(container({ Status: 'running' }, {}), 'service_ready')).toBe('met');
    expect(judge(container({ Status: 'restarting' }, {}), 'service_ready')).toBe('wait');
  });

  test('service_healthy of a container without a health check cannot be met', () => {
    expect(judge(container({ Status: 'running' }, {}), 'service_healthy')).toEqual({ why: 'it has no health check' });
    const disabled = container({ Status: 'running' }, { Healthcheck: { Test: ['NONE'] } });
    expect(judge(disabled, 'service_healthy')).toEqual({ why: 'it has no health check' });
  });
});

test('events keep type, action and name, and a volume is named by its id', () => {
  const attributes = { name: 'kiosk-web-1', exitCode: '0' };
  expect(
    toEvent({
      Type: 'container',
      Action: 'die',
      timeNano: 1_700_000_000_123_000_000,
      Actor: { ID: 'f00', Attributes: attributes },
    }),
  ).toEqual({
    type: 'container',
    action: 'die',
    id: 'f00',
    name: 'kiosk-web-1',
    attributes,
    ms: 1_700_000_000_123,
  });
  const volume = { Type: 'volume', Action: 'create', Actor: { ID: 'data', Attributes: { driver: 'local' } } };
  expect(toEvent(volume)?.name).toBe('data');
});

test('sessions are told only where somebody asks for them, and one event of the three that each makes', () => {
  const events = (execs: boolean) => (JSON.parse(eventFilters(execs)) as { event: string[] }).event;
  expect(events(false).filter((event) => event.startsWith('exec'))).toEqual([]);
  expect(events(true).filter((event) => event.startsWith('exec'))).toEqual(['exec_start']);
});

test('a container of another shape is an error that names the call', () => {
  const whole = container({ Status: 'running' }, {});
  expect(asContainer(whole, 'inspect web')).toBe(whole);
  for (const broken of [
    null,
    [],
    { ...whole, State: null },
    { ...whole, Id: 7 },
    { ...whole, Config: { Labels: [1] } },
  ]) {
    expect(() => asContainer(broken, 'inspect web')).toThrow(/inspect web/);
  }
});

function container(state: ContainerInspect['State'], config: ContainerInspect['Config']): ContainerInspect {
  return {
    Id: 'id',
    Name: '/web',
    Image: 'sha256:0',
    State: state,
    Config: config,
    HostConfig: {},
    NetworkSettings: {},
  };
}
