// Files of variables that a Compose file names: env_file of a service or of an include, label_file.

import type { Files } from '../files.ts';
import type { Place } from '../place.ts';
import { missingKey, type Reader, readKeys } from '../read.ts';
import { itemOf, shown, type Where, wrong } from '../report.ts';
import { repositoryPath } from '../repository-path.ts';
import { readBoolean, readName, wordReader } from '../scalars.ts';
import { parseDotenv, type Scope } from './dotenv.ts';

export interface EnvFile {
  readonly path: string;
  readonly required: boolean;
  /** `raw`: values are taken as they stand, without quotes, comments and variables. */
  readonly format: 'raw' | 'compose';
  readonly at: Place;
}

/** One path, or a list of paths and `{path, required, format}`. */
export const readEnvFiles: Reader<readonly EnvFile[]> = (node, where) => {
  const nodes = node.kind === 'list' ? node.items : [node];
  return nodes.flatMap((item, index) => readEnvFile(item, node.kind === 'list' ? itemOf(where, index) : where) ?? []);
};

const readEnvFile: Reader<EnvFile> = (node, where) => {
  if (node.kind !== 'map') {
    const path = readName(node, where);
    return path === undefined ? undefined : { path, required: true, format: 'compose', at: node.at };
  }
  const fields = readKeys<{ path: string; required: boolean; format: 'raw' }>(node, where, {
    path: readName,
    required: readBoolean,
    format: wordReader(['raw']),
  });
  if (fields === undefined) return undefined;
  if (fields.path === undefined) {
    return missingKey(node, where, 'path', 'add path: the file');
  }
  return { path: fields.path, required: fields.required ?? true, format: fields.format ?? 'compose', at: node.at };
};

export interface EnvFileContext {
  /** Where the path counts from. */
  readonly folder: string;
  readonly files: Files;
}

/** The file's variables; what is wrong with it was reported. */
export function loadEnvFile(
  { path, required, format, at }: EnvFile,
  scope: Scope,
  where: Where,
  context: EnvFileContext,
): ReadonlyMap<string, string> {
  const resolved = repositoryPath(path, at, where, context.folder);
  const found = resolved === undefined ? undefined : context.files.find(resolved);
  if (found?.kind === 'file') return parseDotenv(found.file, scope, where.report, format);
  if (found?.kind === 'folder') wrong(where, at, 'path', `${shown(path)} is a folder`, 'name a file');
  if (found?.kind === 'absent' && required) {
    const hint = 'commit the file, or write {path: …, required: false}';
    wrong(where, at, 'missing-file', `${shown(resolved ?? path)} is not in Git`, hint);
  }
  return new Map();
}
