// Volumes, binds, content, secrets, data, images and tmpfs: one field per place in the container, `volumes./data`. What is
// really mounted is read from the container's mounts, how it was asked for from its host configuration.
import type { EngineMount, ImageInspect } from '../../engine/inspect.ts';
import type { DesiredApp } from '../../model/desired.ts';
import type { Content, Mount } from '../../model/mount.ts';
import type { Fields } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import { type Attribute, type Declaration, type HostPaths, type Live, recreate } from '../attribute.ts';
import { isLive, liveMounts as keptMounts, LIVE, livePath, mountedTurn } from './live.ts';
import { bindSuffix, declaredOptions, engineOptions, liveOptions, saysBySuffix } from './mount-options.ts';
import { lentMounts, VOLUMES_FROM } from './volumes-from.ts';

const PREFIX = 'volumes.';
/** Names that the Engine makes up for anonymous volumes. */
const ANONYMOUS = /^[0-9a-f]{64}$/;
const ANONYMOUS_VOLUME = 'volume anonymous';

const volumes: Attribute = {
  name: 'volumes',
  declared: ({ app, service }) =>
    Object.fromEntries(service.mounts.map((mount) => [PREFIX + mount.target, declaredMount(app, service, mount)])),
  live: liveMounts,
  // The Engine puts an anonymous volume on an image's VOLUME that the file leaves alone.
  unset: (name, { image }) => (isImageVolume(image, name.slice(PREFIX.length)) ? ANONYMOUS_VOLUME : null),
  exclusive: true,
  remedy: recreate,
  create(declaration, body) {
    const { service } = declaration;
    const binds = service.mounts.filter(saysBySuffix).map((mount) => {
      const source = hostPath(declaration, mount);
      return [source, mount.target, bindSuffix(mount)].filter((part) => part !== '').join(':');
    });
    if (binds.length > 0) body.HostConfig.Binds = binds;
    const tmpfs = service.mounts.flatMap((mount) => (isTmpfsWithOptions(mount) ? [mount] : []));
    if (tmpfs.length > 0)
      body.HostConfig.Tmpfs = Object.fromEntries(tmpfs.map((mount) => [mount.target, tmpfsOptions(mount).join(',')]));
    body.HostConfig.Mounts = service.mounts
      .filter((mount) => !saysBySuffix(mount) && !isTmpfsWithOptions(mount))
      .map((mount) => engineMount(declaration, mount));
  },
};

export const MOUNTS: readonly Attribute[] = [volumes, VOLUMES_FROM];

/** The field of a mount. */
export function mountField(mount: Mount): string {
  return PREFIX + mount.target;
}

/** How content is shown: `content 1a2b…`, `secret 1a2b…`. */
export function shownContent(content: Content): string {
  return `${content.kind === 'secret' ? 'secret' : 'content'} ${content.id}`;
}

/** The anonymous volumes of a container that its replacement wants too, by the place where they are mounted. */
export function anonymousVolumes(service: Service, live: Live): EngineMount[] {
  const declared = new Set(service.mounts.map(({ target }) => target));
  const lent = lentMounts(live);
  return (live.container.Mounts ?? [])
    .filter((mount) => mount.Type === 'volume' && ANONYMOUS.test(mount.Name ?? '') && !lent(mount))
    .filter(({ Destination }) => declared.has(Destination) || isImageVolume(live.image, Destination))
    .map((mount) => ({
      Type: 'volume',
      Source: mount.Name ?? '',
      Target: mount.Destination,
      ReadOnly: mount.RW === false,
    }));
}

function declaredMount(app: DesiredApp, service: Service, mount: Mount): string {
  return withOptions(declaredSource(app, mount), [
    ...(mount.type !== 'tmpfs' && mount.read_only ? ['ro'] : []),
    ...declaredOptions(mount),
    ...(isLive(service, mount) ? [LIVE] : []),
  ]);
}

function declaredSource(app: DesiredApp, mount: Mount): string {
  switch (mount.type) {
    case 'volume':
      return mount.source === null ? ANONYMOUS_VOLUME : `volume ${volumeName(app, mount.source)}`;
    case 'bind':
      return `bind ${mount.source}`;
    case 'data':
      return `data ${app.name}/${mount.source}`;
    case 'content':
      return shownContent(mount.content);
    case 'tmpfs':
      return shownTmpfs(tmpfsOptions(mount));
    case 'image':
      return `image ${mount.source}`;
  }
}

function liveMounts(live: Live): Fields {
  const { container, paths } = live;
  const fields: Record<string, string> = {};
  const lent = lentMounts(live);
  const asked = new Map((container.HostConfig.Mounts ?? []).map((mount) => [mount.Target, mount]));
  for (const mount of container.Mounts ?? []) {
    if (mount.Type === 'tmpfs' || mount.Type === 'image' || lent(mount)) continue;
    const kept = keptContent(live, mount.Destination);
    const anonymous = mount.Type === 'volume' && ANONYMOUS.test(mount.Name ?? '');
    const source =
      mount.Type === 'volume'
        ? anonymous
          ? ANONYMOUS_VOLUME
          : `volume ${mount.Name ?? ''}`
        : kept === undefined
          ? hostSource(mount.Source ?? '', paths)
          : shownContent(kept);
    fields[PREFIX + mount.Destination] = withOptions(source, [
      ...(mount.RW === false ? ['ro'] : []),
      ...liveOptions(container, mount.Destination),
      ...(kept === undefined ? [] : [LIVE]),
    ]);
  }
  for (const mount of asked.values()) {
    if (mount.Type === 'tmpfs') fields[PREFIX + mount.Target] = shownTmpfs(askedTmpfs(mount));
    if (mount.Type === 'image')
      fields[PREFIX + mount.Target] = withOptions(`image ${mount.Source ?? ''}`, [
        ...(mount.ReadOnly === true ? ['ro'] : []),
        ...liveOptions(container, mount.Target),
      ]);
  }
  for (const [path, options] of Object.entries(container.HostConfig.Tmpfs ?? {}))
    fields[PREFIX + path] = shownTmpfs(options === '' ? [] : options.split(','));
  return fields;
}

/** The declared content of a mount whose place stays as its bytes change: whether they are the declared ones is for the bytes to say. */
function keptContent(live: Live, target: string): Content | undefined {
  const mount = keptMounts(live.service).find((declared) => declared.target === target);
  return mount !== undefined && mountedTurn(live, mount) !== undefined ? mount.content : undefined;
}

function withOptions(source: string, options: readonly string[]): string {
  return options.length === 0 ? source : `${source} (${options.join(', ')})`;
}

/** An image that is gone cannot be asked: what is anonymous is taken for its own. */
function isImageVolume(image: ImageInspect | undefined, target: string): boolean {
  return image === undefined || Object.hasOwn(image.Config?.Volumes ?? {}, target);
}

function hostSource(source: string, paths: HostPaths): string {
  if (source.startsWith(`${paths.content}/`)) return `content ${source.slice(paths.content.length + 1)}`;
  if (source.startsWith(`${paths.secrets}/`)) return `secret ${source.slice(paths.secrets.length + 1)}`;
  if (source.startsWith(`${paths.data}/`)) return `data ${source.slice(paths.data.length + 1)}`;
  return `bind ${source}`;
}

type Tmpfs = Mount & { readonly type: 'tmpfs' };

/** Only the Engine's older form knows options beyond size and mode. */
function isTmpfsWithOptions(mount: Mount): mount is Tmpfs {
  return mount.type === 'tmpfs' && mount.options !== undefined && mount.options !== '';
}

function tmpfsOptions({ size = 0, mode = 0, options = '' }: Tmpfs): readonly string[] {
  return [
    ...(size > 0 ? [`size=${size}`] : []),
    ...(mode > 0 ? [`mode=${mode.toString(8)}`] : []),
    ...(options === '' ? [] : options.split(',')),
  ];
}

function askedTmpfs({ TmpfsOptions: { SizeBytes = 0, Mode = 0 } = {}, Target }: EngineMount): readonly string[] {
  return tmpfsOptions({ type: 'tmpfs', target: Target, size: SizeBytes, mode: Mode });
}

function shownTmpfs(options: readonly string[]): string {
  return ['tmpfs', ...options].join(' ');
}

function volumeName(app: DesiredApp, key: string): string {
  return app.volumes.find((volume) => volume.key === key)?.name ?? key;
}

function hostPath(declaration: Declaration, mount: Mount): string {
  const { app, service, paths } = declaration;
  switch (mount.type) {
    case 'data':
      return `${paths.data}/${app.name}/${mount.source}`;
    case 'content':
      if (isLive(service, mount)) return livePath(declaration, mount);
      return `${mount.content.kind === 'secret' ? paths.secrets : paths.content}/${mount.content.id}`;
    case 'bind':
      return mount.source;
    default:
      return '';
  }
}

function engineMount(declaration: Declaration, mount: Mount): EngineMount {
  const base = {
    Target: mount.target,
    ReadOnly: mount.type !== 'tmpfs' && mount.read_only,
    ...engineOptions(mount),
  };
  switch (mount.type) {
    case 'volume':
      return {
        ...base,
        Type: 'volume',
        ...(mount.source === null ? {} : { Source: volumeName(declaration.app, mount.source) }),
      };
    case 'bind':
    case 'data':
    case 'content':
      return { ...base, Type: 'bind', Source: hostPath(declaration, mount) };
    case 'tmpfs':
      return { ...base, Type: 'tmpfs' };
    case 'image':
      return { ...base, Type: 'image', Source: mount.source };
  }
}
