// What Git does not have and the device has to: data folders that the agent makes, and files that the owner of the device puts
// in place. Both lie below `<state>/volumes/<app>/` and are never deleted. The Engine refuses to create a container whose file
// is not there, so nothing ever runs with an empty folder in its place.
import { posix } from 'node:path';
import type { Mount } from '../../model/mount.ts';
import { isWithin } from '../files.ts';
import type { Place } from '../place.ts';
import { doubtful, shown, type Where } from '../report.ts';

/**
 * Where the data of a relative path is, below the app's own. What is outside the app's folder has its place in the
 * repository as its name: `_repo` keeps the two apart, and `_up` is a step out of the repository.
 */
export function dataSource(folder: string, relative: string): string {
  const path = posix.normalize(folder === '' ? relative : `${folder}/${relative}`).replace(/\/$/, '');
  if (path !== folder && isWithin(folder, path) && !path.startsWith('..') && path !== '.') {
    return folder === '' ? path : path.slice(folder.length + 1);
  }
  const parts = path.split('/').filter((part) => part !== '.');
  return ['_repo', ...parts.map((part) => (part === '..' ? '_up' : part))].join('/');
}

/** A file that has to be on the device: says where, and is mounted from there. */
export function ownFile(
  mount: { readonly source: string; readonly target: string },
  why: string,
  hint: string,
  at: Place,
  where: Where,
  app: string,
): Mount {
  const place = `volumes/${app}/${mount.source}`;
  const what = `${why}: the service waits until the file is on the device, at ${shown(place)} of the agent's state folder`;
  doubtful(where, at, 'not-in-git', what, hint);
  return { type: 'data', ...mount, read_only: true, file: true };
}
