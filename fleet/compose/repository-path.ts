// The path of the repository that a path in a file means: relative, and never out of it.

import { joinPath } from './files.ts';
import type { Place } from './place.ts';
import { shown, type Where, wrong } from './report.ts';

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
    return wrong(where, at, 'path', `"${shown(source)}" leaves the repository`, 'use a path inside it');
  }
  if (path === '') return wrong(where, at, 'path', 'this is the whole repository', 'name a folder or a file in it');
  if (path.split('/').some((part) => part.toLowerCase() === '.git'))
    return wrong(where, at, 'path', '".git" is refused');
  return path;
}
