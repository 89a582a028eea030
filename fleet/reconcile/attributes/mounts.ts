// Volumes, binds, content, data and tmpfs: one field per place in the container, `volumes./data`.
// Everything is created through HostConfig.Mounts, but binds whose host path may be made; a look reads what is really mounted.
import type { EngineMount, ImageInspect } from '../../engine/inspect.ts';
import type { DesiredApp, Mount, Service } from '../../model/desired.ts';
import type { Fields } from '../../model/plan.ts';
import { type Attribute, type HostPaths, type Live, recreate } from '../attribute.ts';

const PREFIX = 'volumes.';
/** Names that the Engine makes up for anonymous volumes. */
const ANONYMOUS = /^[0-9a-f]{64}$/;
const ANONYMOUS_VOLUME = 'volume anonymous';

export const MOUNTS: readonly Attribute[] = [
  {
    name: 'volumes',
    declared: ({ app, service }) =>
      Object.fromEntries(service.mounts.map((mount) => [PREFIX + mount.target, declaredMount(app, mount)])),
    live: liveMounts,
    // The Engine puts an anonymous volume on an image's VOLUME that the file leaves alone.
    unset: (name, { image }) => (isImageVolume(image, name.slice(PREFIX.length)) ? ANONYMOUS_VOLUME : null),
    exclusive: true,
    remedy: recreate,
    create({ app, service, paths }, body) {
      const made = service.mounts.filter(makesHostPath);
      if (made.length > 0) body.HostConfig.Binds = made.map(engineBind);
      body.HostConfig.Mounts = service.mounts
        .filter((mount) => !makesHostPath(mount))
        .map((mount) => engineMount(app, mount, paths));
    },
  },
];

/** The field of a mount. */
export function mountField(mount: Mount): string {
  return PREFIX + mount.target;
}

/** The anonymous volumes of a container that its replacement wants too, by the place where they are mounted. */
export function anonymousVolumes(service: Service, live: Live): EngineMount[] {
  const declared = new Set(service.mounts.map(({ target }) => target));
  return (live.container.Mounts ?? [])
    .filter((mount) => mount.Type === 'volume' && ANONYMOUS.test(mount.Name ?? ''))
    .filter(({ Destination }) => declared.has(Destination) || isImageVolume(live.image, Destination))
    .map((mount) => ({
      Type: 'volume',
      Source: mount.Name ?? '',
      Target: mount.Destination,
      ReadOnly: mount.RW === false,
    }));
}

function declaredMount(app: DesiredApp, mount: Mount): string {
  const access = mount.type !== 'tmpfs' && mount.read_only ? ' (ro)' : '';
  switch (mount.type) {
    case 'volume':
      return `${mount.source === null ? ANONYMOUS_VOLUME : `volume ${volumeName(app, mount.source)}`}${access}`;
    case 'bind':
      return `bind ${mount.source}${access}`;
    case 'data':
      return `data ${app.name}/${mount.source}${access}`;
    case 'content':
      return `content ${mount.content.id}${access}`;
    case 'tmpfs':
      return tmpfs(mount.size ?? 0, mount.mode ?? 0);
  }
}

function liveMounts({ container, paths }: Live): Fields {
  const fields: Record<string, string> = {};
  for (const mount of container.Mounts ?? []) {
    if (mount.Type === 'tmpfs') continue;
    const anonymous = mount.Type === 'volume' && ANONYMOUS.test(mount.Name ?? '');
    const access = mount.RW === false ? ' (ro)' : '';
    fields[PREFIX + mount.Destination] =
      mount.Type === 'volume'
        ? `${anonymous ? ANONYMOUS_VOLUME : `volume ${mount.Name ?? ''}`}${access}`
        : `${hostSource(mount.Source ?? '', paths)}${access}`;
  }
  for (const mount of container.HostConfig.Mounts ?? []) {
    if (mount.Type === 'tmpfs')
      fields[PREFIX + mount.Target] = tmpfs(mount.TmpfsOptions?.SizeBytes ?? 0, mount.TmpfsOptions?.Mode ?? 0);
  }
  for (const [path, options] of Object.entries(container.HostConfig.Tmpfs ?? {})) {
    fields[PREFIX + path] = options === '' ? 'tmpfs' : `tmpfs ${options}`;
  }
  return fields;
}

/** An image that is gone cannot be asked: what is anonymous is taken for its own. */
function isImageVolume(image: ImageInspect | undefined, target: string): boolean {
  return image === undefined || Object.hasOwn(image.Config?.Volumes ?? {}, target);
}

type Bind = Mount & { readonly type: 'bind' };

/** Only the Engine's older form of a bind makes a missing host path; it cannot say a path with a colon. */
function makesHostPath(mount: Mount): mount is Bind {
  return mount.type === 'bind' && mount.create_host_path && !`${mount.source}${mount.target}`.includes(':');
}

function engineBind({ source, target, read_only }: Bind): string {
  return `${source}:${target}${read_only ? ':ro' : ''}`;
}

function hostSource(source: string, paths: HostPaths): string {
  if (source.startsWith(`${paths.content}/`)) return `content ${source.slice(paths.content.length + 1)}`;
  if (source.startsWith(`${paths.data}/`)) return `data ${source.slice(paths.data.length + 1)}`;
  return `bind ${source}`;
}

function tmpfs(size: number, mode: number): string {
  return ['tmpfs', ...(size > 0 ? [`size=${size}`] : []), ...(mode > 0 ? [`mode=${mode.toString(8)}`] : [])].join(' ');
}

function volumeName(app: DesiredApp, key: string): string {
  return app.volumes.find((volume) => volume.key === key)?.name ?? key;
}

function engineMount(app: DesiredApp, mount: Mount, paths: HostPaths): EngineMount {
  const base = { Target: mount.target, ReadOnly: mount.type !== 'tmpfs' && mount.read_only };
  switch (mount.type) {
    case 'volume':
      return {
        ...base,
        Type: 'volume',
        ...(mount.source === null ? {} : { Source: volumeName(app, mount.source) }),
        ...(mount.nocopy ? { VolumeOptions: { NoCopy: true } } : {}),
      };
    case 'bind':
      return { ...base, Type: 'bind', Source: mount.source };
    case 'data':
      return { ...base, Type: 'bind', Source: `${paths.data}/${app.name}/${mount.source}` };
    case 'content':
      return { ...base, Type: 'bind', Source: `${paths.content}/${mount.content.id}` };
    case 'tmpfs':
      return {
        ...base,
        Type: 'tmpfs',
        TmpfsOptions: {
          ...(mount.size === undefined ? {} : { SizeBytes: mount.size }),
          ...(mount.mode === undefined ? {} : { Mode: mount.mode }),
        },
      };
  }
}
