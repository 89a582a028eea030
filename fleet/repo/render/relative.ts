// Paths of the repository as a Compose file in the app's folder names them.
import { posix } from 'node:path';

/** `./conf`, `../shared`. */
export function fromFolder(folder: string, path: string): string {
  const relative = posix.relative(`/${folder}`, `/${path}`);
  return relative === '' || relative.startsWith('..') ? relative || '.' : `./${relative}`;
}

/** The path that became a data folder: see `dataSource` of the loader. */
export function ofData(folder: string, source: string): string {
  const [first, ...rest] = source.split('/');
  if (first !== '_repo') return `./${source}`;
  const path = rest.map((part) => (part === '_up' ? '..' : part)).join('/');
  if (!path.startsWith('..')) return fromFolder(folder, path);
  return posix.normalize(`${posix.relative(`/${folder}`, '/') || '.'}/${path}`).replace(/(.)\/$/, '$1');
}
