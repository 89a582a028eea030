// Paths of the host as the policy compares them: lexical, so that no detour passes for an allowed path.

/**
 * `/a/../etc` and `//etc/` are `/etc`, as the Engine takes them. `/var/run` is a link to `/run` on every host of today: both
 * are `/run` here. What `/proc` shows as a process's root is the root.
 */
export function normalPath(path: string): string {
  let parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  for (let alias = aliasOf(parts); alias !== null; alias = aliasOf(parts)) parts = alias;
  return `/${parts.join('/')}`;
}

/** The same place under its shorter name; null: this is the shortest. */
function aliasOf(parts: readonly string[]): string[] | null {
  if (parts[0] === 'var' && parts[1] === 'run') return parts.slice(1);
  const [proc, , link, , inner] = parts;
  if (proc !== 'proc') return null;
  if (link === 'root' || link === 'cwd') return parts.slice(3);
  return link === 'task' && (inner === 'root' || inner === 'cwd') ? parts.slice(5) : null;
}

/** Is the path the folder, or below it? Both normal. */
export function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}

/** Through any of these a container commands an engine, and with it the host. `*` is one part. */
const SOCKETS = [
  '/run/docker.sock',
  '/run/docker/containerd/containerd.sock',
  '/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
  '/run/crio/crio.sock',
  '/run/balena-engine.sock',
  '/run/user/*/docker.sock',
  '/run/user/*/podman/podman.sock',
];

/** `is`: the path is a socket of an engine. `holds`: it is a folder above one. `own`: this agent's Engine, wherever it listens. */
export function socketAt(path: string, own: string): 'is' | 'holds' | null {
  const parts = path.split('/').filter((part) => part !== '');
  // Under both names: `/var` gives away what is called `/var/run/docker.sock`.
  const sockets = [own, ...SOCKETS].map(normalPath).flatMap((each) => [each, `/var${each}`]);
  const found = sockets.map((socket) => {
    const pattern = socket.split('/').slice(1);
    const fits = parts.every((part, index) => pattern[index] === part || pattern[index] === '*');
    if (!fits) return null;
    return parts.length === pattern.length ? 'is' : 'holds';
  });
  return found.find((each) => each === 'is') ?? found.find((each) => each !== null) ?? null;
}
