// Which namespaces a container has for itself, and with whom it shares the others: the host, or another container, which
// the Engine knows by id and the file by name. All of it recreates.
import type { Service } from '../../model/service.ts';
import type { Attribute, Live } from '../attribute.ts';
import { plain } from './builders.ts';
import { containerOf, shownReference } from './reference.ts';

/** Shown while the declared network of a container without `networks` is not connected. */
const DISCONNECTED = 'disconnected';

export const NAMESPACES: readonly Attribute[] = [
  {
    name: 'network_mode',
    declared: ({ service: { network_mode: mode } }) => (mode === undefined ? {} : { network_mode: normalMode(mode) }),
    live: (live) => ({ network_mode: liveNetworkMode(live) }),
    unset: () => null,
    exclusive: true,
    remedy: () => 'recreate',
    create({ app, service }, body) {
      if (service.network_mode !== undefined)
        body.HostConfig.NetworkMode = containerOf(app, service.network_mode) ?? service.network_mode;
    },
  },
  shared('ipc', 'IpcMode', 'private'),
  shared('pid', 'PidMode', ''),
  plain({
    name: 'uts',
    of: (service) => service.uts,
    live: ({ HostConfig }) => HostConfig.UTSMode ?? '',
    unset: '',
    set: ({ HostConfig }, mode) => {
      HostConfig.UTSMode = mode;
    },
  }),
  plain({
    name: 'userns_mode',
    of: (service) => service.userns_mode,
    live: ({ HostConfig }) => HostConfig.UsernsMode ?? '',
    unset: '',
    set: ({ HostConfig }, mode) => {
      HostConfig.UsernsMode = mode;
    },
  }),
  plain({
    name: 'cgroup',
    of: (service) => service.cgroup,
    live: ({ HostConfig }) => HostConfig.CgroupnsMode ?? '',
    unset: ({ engine, container: { HostConfig } }) => engine.defaults?.cgroup ?? HostConfig.CgroupnsMode ?? '',
    set: ({ HostConfig }, mode) => {
      HostConfig.CgroupnsMode = mode;
    },
  }),
  plain({
    name: 'cgroup_parent',
    of: (service) => service.cgroup_parent,
    live: ({ HostConfig }) => HostConfig.CgroupParent ?? '',
    unset: '',
    set: ({ HostConfig }, parent) => {
      HostConfig.CgroupParent = parent;
    },
  }),
  plain({
    name: 'runtime',
    of: (service) => service.runtime,
    live: ({ HostConfig }) => HostConfig.Runtime ?? '',
    unset: ({ engine }) => engine.defaults?.runtime ?? 'runc',
    set: ({ HostConfig }, runtime) => {
      HostConfig.Runtime = runtime;
    },
  }),
];

/** Networks that come with a mode, by name on the Engine: not connections of their own. */
export function networksOfMode({ container }: Pick<Live, 'container'>, service: Service): readonly string[] {
  const made = normalMode(container.HostConfig.NetworkMode ?? '');
  if (service.network_mode === undefined) return special(made) === null ? [] : [made];
  return [normalMode(service.network_mode), ...(made === 'bridge' || made === 'host' ? [made] : [])];
}

/** null: an ordinary one, which `networks` tells about. */
function liveNetworkMode(live: Live): string | null {
  const { container, service } = live;
  const mode = normalMode(container.HostConfig.NetworkMode ?? '');
  if (service.network_mode === undefined) {
    const reference = special(mode);
    return reference === null ? null : shownReference(live, undefined, reference);
  }
  const connected = Object.hasOwn(container.NetworkSettings.Networks ?? {}, mode);
  if (mode.startsWith('container:')) return shownReference(live, service.network_mode, mode);
  if (mode === normalMode(service.network_mode) && !connected) return DISCONNECTED;
  return mode;
}

/** A mode that no connection can change afterwards. */
function special(mode: string | undefined): string | null {
  const normal = normalMode(mode ?? '');
  return normal === 'host' || normal.startsWith('container:') ? normal : null;
}

/** `default` is the bridge on Linux; newer Engines say so themselves. */
function normalMode(mode: string): string {
  return mode === 'default' || mode === '' ? 'bridge' : mode;
}

function shared(name: 'ipc' | 'pid', key: 'IpcMode' | 'PidMode', unset: string): Attribute {
  return {
    name,
    declared: ({ service }) => (service[name] === undefined ? {} : { [name]: service[name] }),
    live: (live) => ({ [name]: shownReference(live, live.service[name], live.container.HostConfig[key] ?? unset) }),
    unset: () => unset,
    exclusive: false,
    remedy: () => 'recreate',
    create({ app, service }, body) {
      const value = service[name];
      if (value !== undefined) body.HostConfig[key] = containerOf(app, value) ?? value;
    },
  };
}
