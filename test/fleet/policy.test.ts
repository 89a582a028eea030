import { describe, expect, it } from 'vitest';
import { formatFaults, policyFaults } from '../../fleet/policy.ts';
import type { BindOrigin } from '../../fleet/repo/resolve.ts';

const SOCKET = '/var/run/docker.sock';
const DENIES = { docker_socket: false, binds: [] };

function bind(source: string): BindOrigin {
  return { app: 'kiosk', service: 'web', source, place: { file: 'devices/edge-01/compose.yaml', line: 5, column: 9 } };
}

function denied(source: string, policy: Partial<Parameters<typeof policyFaults>[1]> = {}): boolean {
  return policyFaults([bind(source)], { ...DENIES, ...policy }, SOCKET).length > 0;
}

describe('the device’s policy', () => {
  it.each([
    ['/srv/data', []],
    ['/srv/database', ['/srv/data']],
    ['/srv/data/../../etc', ['/srv/data']],
    ['/', ['/srv']],
    ['/srv', ['/srv/data']],
  ])('denies %s where %j is allowed', (source, binds) => {
    expect(denied(source, { binds })).toBe(true);
  });

  it.each([
    ['/srv/data', ['/srv/data']],
    ['/srv/data/', ['/srv/data']],
    ['/srv/data/deep/er', ['/srv/data/']],
    ['/anything', ['/']],
    ['/run/app', ['/var/run/app']],
    ['/var/run/app', ['/run']],
  ])('allows %s where %j is allowed', (source, binds) => {
    expect(denied(source, { binds })).toBe(false);
  });

  it.each([SOCKET, '/run/docker.sock', '/var/run/../run/docker.sock'])(
    'takes more than a bind to give away the Engine: %s',
    (source) => {
      expect(denied(source, { binds: ['/'] })).toBe(true);
      expect(denied(source, { docker_socket: true })).toBe(false);
    },
  );

  it.each(['/', '/var', '/run', '/var/run', '/srv/../var'])('sees the Engine below %s', (source) => {
    expect(denied(source, { binds: ['/'] })).toBe(true);
    expect(denied(source, { docker_socket: true })).toBe(true);
    expect(denied(source, { docker_socket: true, binds: ['/'] })).toBe(false);
  });

  it('knows a socket of its own and both names of its folder', () => {
    const faults = (source: string) =>
      policyFaults([bind(source)], { docker_socket: false, binds: ['/'] }, '/run/user/1/docker.sock');
    expect(faults('/var/run/user/1/docker.sock')).toHaveLength(1);
    expect(faults('/run/user')).toHaveLength(1);
    expect(faults('/run/user/2')).toHaveLength(0);
  });

  it('names the place and the key that would allow it', () => {
    expect(formatFaults(policyFaults([bind('/etc')], DENIES, SOCKET))).toBe(
      'devices/edge-01/compose.yaml:5:9: kiosk/web mounts /etc of the host, which this device does not allow\n' +
        '    to allow it add "/etc" to policy.binds in the agent\'s configuration',
    );
  });
});
