// A service's mounts in Compose's long form. What Holdfast makes of them stands under `x-holdfast`: content out of Git with
// its id, and data folders. Content of secrets is never shown.
import type { Access, Content, Mount } from '../../model/mount.ts';
import { compact, flag, type Rendered } from './plain.ts';
import { fromFolder, ofData } from './relative.ts';

export function renderMounts(mounts: readonly Mount[], folder = ''): Rendered {
  const contents = mounts.flatMap((mount) => (mount.type === 'content' ? [mount] : []));
  return {
    volumes: mounts.flatMap((mount) => renderVolume(mount, folder)),
    tmpfs: mounts.flatMap((mount) => (mount.type === 'tmpfs' ? [renderTmpfs(mount)] : [])),
    configs: contents.flatMap(({ content, target }) => renderFile('inline', content, target)),
    secrets: contents.flatMap(({ content, target }) => renderFile('secret', content, target)),
  };
}

/** Configs and secrets that stand in no file of the repository, for the app's own `configs` and `secrets`. */
export function declaredFiles(app: string, kind: 'inline' | 'secret', mounts: readonly Mount[]): Rendered {
  const found = mounts.flatMap((mount): [string, Rendered][] => {
    if (mount.type !== 'content' || mount.content.kind !== kind) return [];
    const { content } = mount;
    const name = nameOf(content);
    const shown = content.kind === 'inline' ? { content: content.text } : {};
    return [[name, { name: `${app}_${name}`, ...shown, 'x-holdfast': { id: content.id } }]];
  });
  return Object.fromEntries(found);
}

type Tmpfs = Extract<Mount, { type: 'tmpfs' }>;

function renderTmpfs({ target, size: bytes, mode, options }: Tmpfs): string {
  const given = [
    bytes === undefined ? '' : `size=${bytes}`,
    mode === undefined ? '' : `mode=${mode.toString(8)}`,
    options ?? '',
  ].filter((one) => one !== '');
  return given.length === 0 ? target : `${target}:${given.join(',')}`;
}

function renderFile(kind: 'inline' | 'secret', content: Content, target: string): Rendered[] {
  if (content.kind !== kind) return [];
  const mode = content.kind === 'inline' && content.mode === '100755' ? '0755' : undefined;
  return [
    compact({
      source: nameOf(content),
      target,
      mode,
      ...renderAccess('access' in content ? content.access : undefined),
    }),
  ];
}

function renderAccess(access: Access | undefined): Rendered {
  if (access === undefined) return {};
  return { uid: String(access.uid), gid: String(access.gid), mode: `0${access.mode.toString(8)}` };
}

/** `configs/motd` is how the loader names a config that is no file. */
function nameOf({ path }: Content): string {
  return path.slice(path.indexOf('/') + 1);
}

/** Paths of the repository are as the app's folder sees them. */
export function renderVolume(mount: Mount, folder: string): Rendered[] {
  const { target } = mount;
  const read_only = flag('read_only' in mount ? mount.read_only : undefined);
  switch (mount.type) {
    case 'volume': {
      const volume = compact({ nocopy: flag(mount.nocopy), subpath: mount.subpath });
      return [compact({ type: 'volume', source: mount.source ?? undefined, target, read_only, volume })];
    }
    case 'bind': {
      const { create_host_path, propagation, selinux, recursive, source } = mount;
      const bind = compact({ create_host_path, propagation, selinux, recursive });
      return [compact({ type: 'bind', source, target, read_only, bind })];
    }
    case 'data':
      return [bindOf(ofData(folder, mount.source), target, read_only, { kind: 'data' })];
    case 'content': {
      const { content } = mount;
      if (content.kind === 'inline' || content.kind === 'secret') return [];
      const access = content.kind === 'file' ? renderAccess(content.access) : {};
      return [
        bindOf(fromFolder(folder, content.path), target, read_only, { kind: content.kind, id: content.id, ...access }),
      ];
    }
    case 'tmpfs':
      return [];
    case 'image':
      return [
        compact({ type: 'image', source: mount.source, target, read_only, image: compact({ subpath: mount.subpath }) }),
      ];
  }
}

function bindOf(source: string, target: string, read_only: true | undefined, ours: Rendered): Rendered {
  return compact({
    type: 'bind',
    source,
    target,
    read_only,
    bind: { create_host_path: true },
    'x-holdfast': ours,
  });
}
