// All mounts of a service, one for each place in the container, and what they ask of the host.
import type { Mount } from '../../model/mount.ts';
import type { ServiceFields } from '../keys/service.ts';
import type { Place } from '../place.ts';
import { below, doubtful, shown, type Where, wrong } from '../report.ts';
import { type ConfigContext, resolveConfigMount } from './config-mount.ts';
import { type MountContext, resolveMount } from './mounts.ts';
import type { LocatedAsk } from './resources.ts';
import { resolveSecretMount, type SecretContext } from './secret-mount.ts';

/** What mounts are resolved with, and what they add to. */
export interface ServiceMountContext extends MountContext, ConfigContext, SecretContext {
  readonly asks: LocatedAsk[];
}

export function resolveMounts(
  service: string,
  fields: Partial<ServiceFields>,
  where: Where,
  context: ServiceMountContext,
): Mount[] {
  const mounts = new Map<string, Mount>();
  const add = (mount: Mount | undefined, at: Place, key: Where): void => {
    if (mount === undefined) return;
    if (mounts.has(mount.target)) {
      wrong(key, at, 'mount-conflict', `something else is mounted at ${shown(mount.target)} already`);
    }
    mounts.set(mount.target, mount);
    if (mount.type === 'bind') {
      const { source, recursive } = mount;
      // What is mounted below it can be written to.
      const read_only = mount.read_only && recursive !== 'writable';
      context.asks.push({ kind: 'bind', service, key: key.path, source, read_only, at });
    }
    if (mount.type === 'data') {
      const { source, read_only } = mount;
      context.asks.push({ kind: 'data', service, key: key.path, source, read_only, at });
    }
    if (mount.type === 'image') {
      context.asks.push({ kind: 'image', service, key: key.path, reference: mount.source, at });
    }
  };
  for (const key of ['volumes', 'tmpfs'] as const) {
    const at = below(where, key);
    for (const spec of fields[key] ?? []) add(resolveMount(spec, at, context), spec.at, at);
  }
  const at = below(where, 'configs');
  for (const spec of fields.configs ?? []) add(resolveConfigMount(spec, at, context), spec.at, at);
  const socket = fields.use_api_socket;
  if (socket?.value === true && !mounts.has(SOCKET)) {
    const key = below(where, 'use_api_socket');
    const what = "gives the Engine's socket only: credentials for registries stay with the agent";
    doubtful(key, socket.at, 'use-api-socket', what, 'mount what the service needs as secrets');
    add({ type: 'bind', target: SOCKET, read_only: false, source: SOCKET, create_host_path: false }, socket.at, key);
  }
  const of = below(where, 'secrets');
  for (const spec of fields.secrets ?? []) add(resolveSecretMount(spec, of, context), spec.at, of);
  return [...mounts.values()];
}

/** Where the Engine is reached, on the host and in the container. */
const SOCKET = '/var/run/docker.sock';
