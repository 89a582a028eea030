// How something is mounted, beyond what and where: propagation, labels, mounts below it, copying, folders of a volume. One
// word for each setting that was asked for, so that both sides compare as text.
import type { ContainerInspect, EngineMount } from '../../engine/inspect.ts';
import type { Mount } from '../../model/mount.ts';

type Bind = Mount & { readonly type: 'bind' };

/** The words of a declared mount, in a fixed order. */
export function declaredOptions(mount: Mount): readonly string[] {
  switch (mount.type) {
    case 'bind':
      return [
        ...said(mount.propagation),
        ...said(mount.selinux),
        ...(mount.recursive === undefined || mount.recursive === 'enabled' ? [] : [`recursive=${mount.recursive}`]),
      ];
    case 'volume':
      return [...(mount.nocopy ? ['nocopy'] : []), ...subpath(mount.subpath)];
    case 'image':
      return subpath(mount.subpath);
    default:
      return [];
  }
}

/** The same words from what the Engine was asked for. */
export function liveOptions({ HostConfig }: ContainerInspect, target: string): readonly string[] {
  const mount = HostConfig.Mounts?.find(({ Target }) => Target === target);
  if (mount !== undefined) {
    const { Propagation, NonRecursive, ReadOnlyNonRecursive, ReadOnlyForceRecursive } = mount.BindOptions ?? {};
    return [
      ...said(Propagation),
      ...(NonRecursive ? ['recursive=disabled'] : []),
      ...(ReadOnlyNonRecursive ? ['recursive=writable'] : []),
      ...(ReadOnlyForceRecursive ? ['recursive=readonly'] : []),
      ...(mount.VolumeOptions?.NoCopy ? ['nocopy'] : []),
      ...subpath(mount.VolumeOptions?.Subpath ?? mount.ImageOptions?.Subpath),
    ];
  }
  const modes = (HostConfig.Binds ?? []).map((bind) => bind.split(':')).find(([, place]) => place === target)?.[2];
  const words = modes?.split(',') ?? [];
  return [
    ...words.filter((word) => /^r?(shared|slave|private)$/.test(word)),
    ...words.filter((word) => word === 'z' || word === 'Z'),
    ...words.filter((word) => word === 'nocopy'),
  ];
}

/** Said in the newer form, for what `saysBySuffix` does not cover. */
export function engineOptions(mount: Mount): Partial<EngineMount> {
  switch (mount.type) {
    case 'bind': {
      const options = {
        ...(mount.create_host_path ? { CreateMountpoint: true } : {}),
        ...(mount.propagation === undefined ? {} : { Propagation: mount.propagation }),
        ...(mount.recursive === 'disabled' ? { NonRecursive: true } : {}),
        ...(mount.recursive === 'writable' ? { ReadOnlyNonRecursive: true } : {}),
        ...(mount.recursive === 'readonly' ? { ReadOnlyForceRecursive: true } : {}),
      };
      return Object.keys(options).length === 0 ? {} : { BindOptions: options };
    }
    case 'volume': {
      const options = {
        ...(mount.nocopy ? { NoCopy: true } : {}),
        ...(mount.subpath === undefined ? {} : { Subpath: mount.subpath }),
      };
      return Object.keys(options).length === 0 ? {} : { VolumeOptions: options };
    }
    case 'tmpfs':
      return {
        TmpfsOptions: {
          ...(mount.size === undefined ? {} : { SizeBytes: mount.size }),
          ...(mount.mode === undefined ? {} : { Mode: mount.mode }),
        },
      };
    case 'image':
      return mount.subpath === undefined ? {} : { ImageOptions: { Subpath: mount.subpath } };
    default:
      return {};
  }
}

/**
 * Only the Engine's older form of a bind makes a missing host path (below API 1.42) and knows labels; it cannot say a path
 * with a colon, nor anything about mounts below it.
 */
export function saysBySuffix(mount: Mount): mount is Bind {
  if (mount.type !== 'bind' || `${mount.source}${mount.target}`.includes(':')) return false;
  if (mount.recursive !== undefined && mount.recursive !== 'enabled') return false;
  return mount.create_host_path || mount.selinux !== undefined;
}

/** `ro,rslave,z`, as the older form ends; empty when there is nothing to say. */
export function bindSuffix(mount: Bind): string {
  return [...(mount.read_only ? ['ro'] : []), ...said(mount.propagation), ...said(mount.selinux)].join(',');
}

function said(word: string | undefined): readonly string[] {
  return word === undefined || word === '' ? [] : [word];
}

function subpath(path: string | undefined): readonly string[] {
  return path === undefined || path === '' ? [] : [`subpath=${path}`];
}
