// What a mount's source stands for: a named volume, content of the repository, data of the app, a path of the host.
// Relative paths count from the folder of the app's first Compose file, as in Compose, and never leave the repository.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Content, Mount } from '../model/desired.ts';
import type { SourceFile } from '../model/source.ts';
import { type Files, type Found, isWithin, joinPath } from './files.ts';
import type { MountSpec } from './keys/volumes.ts';
import { didYouMean } from './nearest.ts';
import type { Place } from './place.ts';
import { doubtful, shown, type Where, wrong } from './report.ts';

/** Most files of one mounted folder. */
export const MAX_FOLDER_FILES = 10_000;

export interface MountContext {
  /** Folder of the first Compose file. */
  readonly folder: string;
  readonly files: Files;
  /** Keys of the declared volumes. */
  readonly volumes: readonly string[];
}

export function resolveMount(spec: MountSpec, where: Where, context: MountContext): Mount | undefined {
  const base = { target: spec.target, read_only: spec.read_only };
  switch (spec.type) {
    case 'tmpfs': {
      const { size, mode } = spec;
      const options = { ...(size === undefined ? {} : { size }), ...(mode === undefined ? {} : { mode }) };
      return { type: 'tmpfs', target: spec.target, ...options };
    }
    case 'volume': {
      const { source, nocopy } = spec;
      if (source !== null && !context.volumes.includes(source)) return unknownVolume(source, spec.at, where, context);
      return { type: 'volume', ...base, source, nocopy };
    }
    case 'bind': {
      if (spec.source.startsWith('/')) {
        const source = posix
          .normalize(spec.source)
          .replace(/^\/+/, '/')
          .replace(/(.)\/$/, '$1');
        return { type: 'bind', ...base, source, create_host_path: spec.create_host_path };
      }
      return relativeBind(spec.source, spec.at, base, where, context);
    }
  }
}

function unknownVolume(source: string, at: Place, where: Where, { volumes }: MountContext): undefined {
  const path = source.includes('/') ? `write "./${shown(source)}" for a path` : undefined;
  const hint = path ?? didYouMean(source, volumes) ?? `declare it under "volumes" at the top level`;
  return wrong(where, at, 'undefined-volume', `the volume "${shown(source)}" is not declared`, hint);
}

function relativeBind(
  source: string,
  at: Place,
  base: { target: string; read_only: boolean },
  where: Where,
  context: MountContext,
): Mount | undefined {
  const path = repositoryPath(source, at, where, context.folder);
  if (path === undefined) return undefined;
  const found = context.files.find(path);
  if (found.kind === 'unknown') return undefined;
  if (found.kind === 'absent') {
    const inside = isWithin(context.folder, path);
    const own = context.folder === '' ? path : path.slice(context.folder.length + 1);
    if (/[^/]\.[A-Za-z0-9]{1,5}$/.test(path) && !path.endsWith('.d')) {
      doubtful(
        where,
        at,
        'not-in-git',
        `${shown(path)} is not in Git: an empty data folder is mounted`,
        'commit the file if it is meant',
      );
    }
    // Outside the app's folder the name says where it stands in the repository; `_repo` keeps the two apart.
    return { type: 'data', ...base, source: inside ? own : `_repo/${path}` };
  }
  const content = contentOf(path, found, at, where);
  return content && { type: 'content', ...base, content };
}

/** The path of the repository that a relative path means; undefined: refused, and said so. */
export function repositoryPath(source: string, at: Place, where: Where, folder: string): string | undefined {
  if (source.startsWith('~')) {
    return wrong(where, at, 'home-path', 'an agent has no home folder', 'write the absolute path');
  }
  if (source.startsWith('/') || source.includes('\\')) {
    return wrong(
      where,
      at,
      'path',
      `"${shown(source)}" is not a path of the repository`,
      'write a relative path with "/"',
    );
  }
  const path = joinPath(folder, source);
  if (path === null) {
    return wrong(
      where,
      at,
      'path',
      `"${shown(source)}" leaves the repository`,
      'use a path inside it, or an absolute path of the host',
    );
  }
  if (path === '') return wrong(where, at, 'path', 'this is the whole repository', 'name a folder or a file in it');
  if (path.split('/').some((part) => part.toLowerCase() === '.git'))
    return wrong(where, at, 'path', '".git" is refused');
  return path;
}

/** A file or folder of the repository as content. */
export function contentOf(
  path: string,
  found: Exclude<Found, { kind: 'absent' | 'unknown' }>,
  at: Place,
  where: Where,
): Content | undefined {
  if (found.kind === 'file') {
    const { oid, mode } = found.file;
    if (!isReal(found.file, at, where)) return undefined;
    return { kind: 'file', id: contentId(oid, mode), path, oid, mode };
  }
  if (found.files.length > MAX_FOLDER_FILES) {
    return wrong(where, at, 'too-large', `${shown(path)} has more than ${MAX_FOLDER_FILES} files`);
  }
  if (!found.files.every((file) => isReal(file, at, where))) return undefined;
  const files = found.files.map(({ path: full, oid, mode }) => ({ path: full.slice(path.length + 1), oid, mode }));
  return { kind: 'folder', id: found.oid ?? hashOf(JSON.stringify(files)), path, files };
}

/** Text that a Compose file holds itself, addressed as Git would address it. */
export function inlineContent(path: string, text: string, mode: '100644' | '100755'): Content {
  const bytes = new TextEncoder().encode(text);
  const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  return { kind: 'inline', id: contentId(oid, mode), path, text, mode };
}

export function contentId(oid: string, mode: '100644' | '100755'): string {
  return mode === '100755' ? `${oid}-x` : oid;
}

function hashOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

const LFS = new TextEncoder().encode('version https://git-lfs.github.com/spec/');

/** Not a pointer to a file that is kept elsewhere. */
function isReal({ bytes, path }: SourceFile, at: Place, where: Where): boolean {
  if (bytes === undefined || !LFS.every((byte, index) => bytes[index] === byte)) return true;
  wrong(where, at, 'lfs-pointer', `${shown(path)} is a Git LFS pointer, not the file`, 'commit the file itself');
  return false;
}
