import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fits, fitsPath } from '../../../fleet/policy/glob.ts';
import { holds, normalPath, socketAt } from '../../../fleet/policy/paths.ts';
import { denied, SOCKET } from './support.ts';

const bind = (source: string) => ({ kind: 'bind', source }) as const;
/** Detours: parts that mean nothing, parts that go back, and real names. */
const detour = fc
  .array(fc.constantFrom('', '.', '..', 'srv', 'data', 'etc', 'var', 'run', 'proc', '1', 'root', 'self'), {
    maxLength: 10,
  })
  .map((parts) => `/${parts.join('/')}`);

describe('paths of the host', () => {
  it.each([
    ['//etc', '/etc'],
    ['/etc/', '/etc'],
    ['/allowed/../etc', '/etc'],
    ['/../../etc', '/etc'],
    ['/./srv//data/.', '/srv/data'],
    ['/var/run/app', '/run/app'],
    ['/var/runner', '/var/runner'],
    ['/var/run/../lib', '/var/lib'],
    ['/proc/1/root/etc', '/etc'],
    ['/proc/self/root/proc/1/cwd/var/run/x', '/run/x'],
    ['/proc/1/task/7/root', '/'],
    ['/proc/1/status', '/proc/1/status'],
    ['', '/'],
  ])('%s is %s', (given, normal) => {
    expect(normalPath(given)).toBe(normal);
  });

  it('have one normal form, which has no detours', () => {
    fc.assert(
      fc.property(detour, (path) => {
        const normal = normalPath(path);
        expect(normalPath(normal)).toBe(normal);
        expect(normal).toMatch(/^\/($|[^/]+(\/[^/]+)*$)/);
        expect(normal.split('/')).not.toContain('..');
        expect(normalPath(posix.normalize(path))).toBe(normal);
      }),
    );
  });

  it('are allowed by where they lead, whatever way is written', () => {
    fc.assert(
      fc.property(detour, (path) => {
        const leads = normalPath(path);
        expect(denied(bind(path), { binds: ['/srv/data/'] })).toBe(!holds('/srv/data', leads));
      }),
    );
  });

  it.each([
    SOCKET,
    '/run/docker.sock',
    '/var/run/../run/docker.sock',
    '/proc/1/root/run/docker.sock',
    '/run/containerd/containerd.sock',
    '/run/user/1000/docker.sock',
  ])('are more than a bind where they give away an engine: %s', (source) => {
    expect(denied(bind(source), { binds: ['/'] })).toBe(true);
    expect(denied(bind(source), { docker_socket: true })).toBe(false);
  });

  it.each(['/', '/var', '/run', '/var/run', '/srv/../var/run', '/run/user', '/run/user/1000'])(
    'hold an engine below %s',
    (source) => {
      expect(denied(bind(source), { binds: ['/'] })).toBe(true);
      expect(denied(bind(source), { docker_socket: true })).toBe(true);
      expect(denied(bind(source), { docker_socket: true, binds: ['/'] })).toBe(false);
    },
  );

  it('hold the socket of this agent’s own Engine, wherever it is', () => {
    expect(socketAt('/srv/engine/my.sock', '/srv/engine/my.sock')).toBe('is');
    expect(socketAt('/srv', '/srv/engine/my.sock')).toBe('holds');
    expect(socketAt('/srv/engine2', '/srv/engine/my.sock')).toBeNull();
  });
});

describe('patterns', () => {
  it.each([
    ['/dev/ttyUSB*', '/dev/ttyUSB0', true],
    ['/dev/ttyUSB*', '/dev/ttyUSB', true],
    ['/dev/ttyUSB*', '/dev/ttyUSB0/../mem', true],
    ['/dev/tty*', '/dev/x/tty', false],
    ['/dev/*', '/dev', false],
    ['/dev/*/card0', '/dev/dri/card0', true],
    ['/dev/*/card0', '/dev/a/b/card0', false],
    ['/dev/snd', '/dev/sndx', false],
  ])('%s of a device, with %s: %s', (pattern, path, expected) => {
    expect(fitsPath(pattern, path)).toBe(expected);
  });

  it('agree with a regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 12 });
    fc.assert(
      fc.property(text, text, (pattern, given) => {
        const parts = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
        expect(fits(pattern, given)).toBe(new RegExp(`^${parts.join('[^]*')}$`).test(given));
      }),
      { numRuns: 500 },
    );
  });
});
