// The Compose files of a folder when nobody names them: what `docker compose` without -f would read there.

import { COMPOSE_NAMES, OVERRIDE_NAMES } from '../compose/compose-names.ts';
import type { Files } from '../compose/files.ts';
import { wholeFile } from '../compose/place.ts';
import type { Report } from '../compose/report.ts';

/** Repository paths: one file, then perhaps one that is merged over it. Empty: none, or the folder is to be loaded first. */
export function composeFilesIn(folder: string, files: Files, report: Report): string[] {
  const [base, ...others] = present(COMPOSE_NAMES, folder, files);
  if (base === undefined) return [];
  const [override, ...further] = present(OVERRIDE_NAMES, folder, files);
  for (const path of others) report.warn(wholeFile(path), 'ignored-file', `not read, because there is ${base} too`);
  for (const path of further)
    report.warn(wholeFile(path), 'ignored-file', `not read, because there is ${override} too`);
  return override === undefined ? [base] : [base, override];
}

function present(names: readonly string[], folder: string, files: Files): string[] {
  const paths = names.map((name) => (folder === '' ? name : `${folder}/${name}`));
  return paths.filter((path) => files.find(path, folder || path).kind === 'file');
}
