// Paths of the host in a container. The socket of an engine is more than a path, and takes a permission of its own.
import type { AskOf, Denial, Owner } from './denial.ts';
import { holds, normalPath, socketAt } from './paths.ts';

export function judgeBind({ source, read_only = false, via }: AskOf<'bind'>, { policy, socket }: Owner): Denial | null {
  const path = normalPath(source);
  const asks = `mounts ${source} of the host${via === undefined ? '' : ` (through the link ${via})`}`;
  const engine = socketAt(path, socket);
  if (engine !== null && !policy.docker_socket) {
    const gives = `${engine === 'is' ? 'whoever holds the Engine socket' : `the Engine socket is below ${source}: whoever holds it`} is root on this host`;
    return { asks, gives, allow: { key: 'docker_socket', value: true } };
  }
  // A folder above the socket gives away more than the socket, and has to be an allowed bind besides.
  if (engine === 'is') return null;
  const allowed = policy.binds.filter(({ folder }) => holds(folder, path));
  if (allowed.some((bind) => read_only || !bind.readOnly)) return null;
  const gives = read_only ? `it could read ${source} on this host` : `it could read and change ${source} on this host`;
  const only = allowed.length > 0 ? '; only reading is allowed here: mount it read-only (ro)' : '';
  return { asks, gives: gives + only, allow: { key: 'binds', entry: read_only ? `${path}:ro` : path } };
}
