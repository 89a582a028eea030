// A file of a config or a secret that is not in Git: one of the host, or one that the owner of the device puts in place.
import type { Mount } from '../../model/mount.ts';
import { type Files, fileMeant, folderOf, joinPath } from '../files.ts';
import type { Located } from '../read.ts';
import { shown, type Where } from '../report.ts';
import { dataSource, ownFile } from './data.ts';
import { atHome, cleanPath, outside } from './mounts.ts';

interface HostFileContext {
  readonly app: string;
  readonly folder: string;
  readonly files: Files;
}

/** undefined: it is not loaded yet. */
export function hostFile(
  file: Located<string>,
  target: string,
  where: Where,
  { app, folder, files }: HostFileContext,
): Mount | 'in Git' | undefined {
  const source = atHome(file.value, file.at, where);
  // One of the host is mounted from where it is, with the mode and the owner that it has there.
  if (source.startsWith('/')) {
    return { type: 'bind', target, read_only: true, source: cleanPath(source), create_host_path: false };
  }
  const own = { target, source: dataSource(folder, source) };
  const beyond = outside(source, folder);
  if (beyond !== undefined) {
    return ownFile(own, `"${shown(source)}" ${beyond}`, 'name a file of the repository', file.at, where, app);
  }
  const path = joinPath(folder, source);
  if (path === null || source.includes('\\')) return 'in Git';
  const found = files.find(path, folderOf(path) || path);
  if (found.kind === 'unknown') return undefined;
  if (found.kind !== 'absent') return 'in Git';
  const hint = fileMeant(path, files) ?? 'commit it, or put it there';
  return ownFile(own, `${shown(path)} is not in Git`, hint, file.at, where, app);
}
