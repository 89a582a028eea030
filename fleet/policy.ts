// What a commit may do to a host. The device's owner decides in the agent's own configuration; the repository cannot.
import type { AgentConfig } from './config/agent.ts';
import { type Diagnostic, formatDiagnostic } from './diagnostic.ts';
import type { BindOrigin } from './repo/resolve.ts';

const ENGINE_SOCKET = '/run/docker.sock';

/** Every absolute bind that the device does not allow, with its place and the policy key that would allow it. */
export function policyFaults(
  origins: readonly BindOrigin[],
  policy: Pick<AgentConfig['policy'], 'docker_socket' | 'binds'>,
  socket: string,
): Diagnostic[] {
  const allowed = policy.binds.map(normal);
  // Under both names: `/var` gives away what is called `/var/run/docker.sock`.
  const sockets = [ENGINE_SOCKET, normal(socket)].flatMap((each) => [each, `/var${each}`]);
  return origins.flatMap(({ app, service, source, place }): Diagnostic[] => {
    const path = normal(source);
    const what = `${app}/${service} mounts ${source} of the host`;
    const isSocket = sockets.includes(path);
    if (isSocket || (!policy.docker_socket && sockets.some((each) => isWithin(each, path)))) {
      // A parent folder gives the socket away as well, and has to be an allowed bind besides.
      const hint = 'whoever holds the Engine socket is root on this host; to allow it set policy.docker_socket: true';
      return policy.docker_socket
        ? []
        : [{ ...place, severity: 'error', code: 'policy', message: `${what}, which this device does not allow`, hint }];
    }
    if (allowed.some((bind) => isWithin(path, bind))) return [];
    return [
      {
        ...place,
        severity: 'error',
        code: 'policy',
        message: `${what}, which this device does not allow`,
        hint: `to allow it add "${source}" to policy.binds in the agent's configuration`,
      },
    ];
  });
}

/** The refusals as one message. */
export function formatFaults(faults: readonly Diagnostic[]): string {
  return faults.map(formatDiagnostic).join('\n');
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}

/**
 * Lexical: `/a/../etc` is `/etc`, so that no detour passes for an allowed path. `/var/run` is a link to `/run` on every
 * host of today: both are `/run` here.
 */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  if (parts[0] === 'var' && parts[1] === 'run') parts.shift();
  return `/${parts.join('/')}`;
}
