// What a mount's source stands for: a named volume, content of the repository, data of the app, a path of the host.
// Relative paths count from the folder of the app's first Compose file, as in Compose, and never leave the repository.
import { posix } from 'node:path';
import type { Mount } from '../../model/mount.ts';
import { type Files, fileMeant, joinPath } from '../files.ts';
import type { VolumeFields } from '../keys/top.ts';
import type { MountSpec } from '../keys/volumes.ts';
import { didYouMean } from '../nearest.ts';
import type { Place } from '../place.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { repositoryPath } from '../repository-path.ts';
import { HOME } from '../variables/variables.ts';
import { contentOf } from './content.ts';
import { dataSource } from './data.ts';

export interface MountContext {
  /** Folder of the first Compose file. */
  readonly folder: string;
  readonly files: Files;
  readonly volumes: ReadonlyMap<string, VolumeFields>;
}

type BindSpec = MountSpec & { readonly type: 'bind' };

export function resolveMount(spec: MountSpec, where: Where, context: MountContext): Mount | undefined {
  switch (spec.type) {
    case 'tmpfs': {
      const { at: _at, read_only: _read_only, ...mount } = spec;
      return mount;
    }
    case 'image': {
      const { at: _at, ...mount } = spec;
      return mount;
    }
    case 'volume': {
      const { at, ...mount } = spec;
      if (mount.source === null) return mount;
      const volume = context.volumes.get(mount.source);
      if (volume === undefined) return unknownVolume(mount.source, at, where, context);
      const folder = relativeDevice(volume);
      if (folder === null) return mount;
      const source = mount.subpath === undefined ? folder : `${folder}/${mount.subpath}`;
      return relativeBind({ ...spec, type: 'bind', source, create_host_path: true }, where, context);
    }
    case 'bind': {
      const { at, ...mount } = spec;
      if (WINDOWS_PATH.test(spec.source)) {
        doubtful(where, at, 'windows-path', `${shown(spec.source)} is a path of Windows`, 'write a path of the device');
        return mount;
      }
      const source = atHome(spec.source, at, where);
      return source.startsWith('/')
        ? { ...mount, source: cleanPath(source) }
        : relativeBind({ ...spec, source }, where, context);
    }
  }
}

/** `C:\\data`, `\\\\server\\share`. */
const WINDOWS_PATH = /^([A-Za-z]:[\\/]|\\\\)/;

/** `~/x` of the user whom agents run as. */
export function atHome(source: string, at: Place, where: Where): string {
  if (!/^~(\/|$)/.test(source)) return source;
  const path = `${HOME}${source.slice(1)}`;
  doubtful(where, at, 'home-path', `${shown(source)} is read as ${shown(path)}`, 'write the absolute path');
  return path;
}

/** As the Engine would see it. */
export function cleanPath(path: string): string {
  return posix
    .normalize(path)
    .replace(/^\/+/, '/')
    .replace(/(.)\/$/, '$1');
}

/** The relative path that a local volume binds; a volume of the Engine cannot have one. */
export function relativeDevice({ driver, driver_opts, external }: VolumeFields): string | null {
  const device = driver_opts.get('device')?.value ?? '';
  const binds = (driver_opts.get('o')?.value ?? '').split(',').some((option) => /^r?bind$/.test(option.trim()));
  const isLocal = !external && (driver === undefined || driver.value === 'local');
  return isLocal && binds && /^[^/~]/.test(device) ? device : null;
}

function unknownVolume(source: string, at: Place, where: Where, { volumes }: MountContext): undefined {
  const path = source.includes('/') ? `write "./${shown(source)}" for a path` : undefined;
  const hint = path ?? didYouMean(source, [...volumes.keys()]) ?? `declare it under "volumes" at the top level`;
  return wrong(where, at, 'undefined-volume', `the volume "${shown(source)}" is not declared`, hint);
}

function relativeBind(
  { source: written, at, target, read_only, propagation, selinux, recursive }: BindSpec,
  where: Where,
  context: MountContext,
): Mount | undefined {
  for (const option of [propagation, selinux, recursive]) {
    if (option === undefined || option === 'enabled') continue;
    const what = `"${option}" is not applied to what the agent keeps itself`;
    doubtful(where, at, 'no-effect', what, 'remove it, or mount an absolute path of the host');
  }
  const source = slashed(written, at, where);
  const base = { target, read_only };
  const data: Mount = { type: 'data', ...base, source: dataSource(context.folder, source) };
  const beyond = outside(source, context.folder);
  if (beyond !== undefined) {
    doubtful(where, at, 'path', `"${shown(source)}" ${beyond}: an empty data folder is mounted`, NAME_INSIDE);
    return data;
  }
  const path = repositoryPath(source, at, where, context.folder);
  if (path === undefined) return undefined;
  const found = context.files.find(path);
  if (found.kind === 'unknown') return undefined;
  if (found.kind === 'absent') {
    if (/[^/]\.[A-Za-z0-9]{1,5}$/.test(path) && !path.endsWith('.d')) {
      doubtful(
        where,
        at,
        'not-in-git',
        `${shown(path)} is not in Git: an empty data folder is mounted`,
        fileMeant(path, context.files) ?? 'commit the file if it is meant',
      );
    }
    return data;
  }
  const content = contentOf(path, found, at, where);
  return content && { type: 'content', ...base, content };
}

const NAME_INSIDE = 'name a folder or a file of the repository, or an absolute path of the host';

/** What is no file or folder that Git could have for this device. */
export function outside(source: string, folder: string): string | undefined {
  if (/^[~/]|\\/.test(source)) return undefined;
  const path = joinPath(folder, source);
  if (path === null) return 'leaves the repository';
  return path === '' ? 'is the whole repository' : undefined;
}

/** `.\\data` of a file for Windows, as it is meant. */
function slashed(source: string, at: Place, where: Where): string {
  if (!/^\.{1,2}\\/.test(source)) return source;
  const path = source.replaceAll('\\', '/');
  doubtful(where, at, 'windows-path', `${shown(source)} is read as ${shown(path)}`, 'write paths with "/"');
  return path;
}
