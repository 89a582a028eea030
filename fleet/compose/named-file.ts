// A file of the repository that another one names: Compose files and their includes, env files and SOPS files of an app.

import type { SourceFile } from '../model/source.ts';
import { COMPOSE_NAMES } from './compose-names.ts';
import { type Files, fileMeant, folderOf } from './files.ts';
import type { Place } from './place.ts';
import { shown, type Where, wrong } from './report.ts';
import { repositoryPath } from './repository-path.ts';

/** Its whole folder is loaded: what it refers to is mostly there. undefined: refused or not there, and said so; or not loaded. */
export function findNamed(
  written: string,
  at: Place,
  where: Where,
  folder: string,
  files: Files,
): SourceFile | undefined {
  if (/^([a-z][a-z0-9+.-]*:\/\/|git@)|^oci:/i.test(written)) {
    return wrong(
      where,
      at,
      'path',
      `"${shown(written)}" is not in this repository`,
      'copy the file into the repository',
    );
  }
  const path = repositoryPath(written, at, where, folder);
  if (path === undefined) return undefined;
  const found = files.find(path, folderOf(path) || path);
  switch (found.kind) {
    case 'file':
      return found.file;
    case 'folder': {
      const name = COMPOSE_NAMES.find((candidate) => found.files.some((file) => file.path === `${path}/${candidate}`));
      const hint = name === undefined ? 'name a file' : `write ${shown(written)}/${name}`;
      return wrong(where, at, 'path', `${shown(path)} is a folder`, hint);
    }
    case 'absent':
      return wrong(
        where,
        at,
        'missing-file',
        `${shown(path)} is not in Git`,
        fileMeant(path, files) ?? 'commit it, or correct the path',
      );
    case 'unknown':
      return undefined;
  }
}
