// A service's environment: its files in order, then its own keys over them.
import { parseDotenv } from './dotenv.ts';
import type { Files } from './files.ts';
import type { EnvFile } from './keys/relations.ts';
import { repositoryPath } from './mounts.ts';
import type { Pairs } from './pairs.ts';
import { sortedRecord } from './read.ts';
import { below, itemOf, shown, type Where, wrong } from './report.ts';
import type { Budget, Variables } from './variables.ts';

export interface EnvironmentContext {
  readonly folder: string;
  readonly files: Files;
  readonly variables: Variables;
  readonly budget: Budget;
}

export function resolveEnvironment(
  files: readonly EnvFile[],
  own: Pairs,
  where: Where,
  context: EnvironmentContext,
): Record<string, string> {
  const values = new Map<string, string>();
  for (const [index, file] of files.entries()) {
    const read = readEnvFile(file, values, itemOf(below(where, 'env_file'), index), context);
    for (const [name, value] of read) values.set(name, value);
  }
  for (const [name, { value }] of own) {
    const given = value ?? context.variables.get(name);
    // A name without a value that nobody sets is left out, even when a file has it: own keys come first.
    if (given === undefined) values.delete(name);
    else values.set(name, given);
  }
  return sortedRecord(values);
}

function readEnvFile(
  { path, required, at }: EnvFile,
  under: ReadonlyMap<string, string>,
  where: Where,
  context: EnvironmentContext,
): ReadonlyMap<string, string> {
  const resolved = repositoryPath(path, at, where, context.folder);
  const found = resolved === undefined ? undefined : context.files.find(resolved);
  if (found?.kind === 'file') {
    return parseDotenv(found.file, { over: context.variables, under, budget: context.budget }, where.report);
  }
  if (found?.kind === 'folder') wrong(where, at, 'path', `${shown(path)} is a folder`, 'name a file');
  if (found?.kind === 'absent' && required) {
    const hint = 'commit the file, or write {path: …, required: false}';
    wrong(where, at, 'missing-file', `${shown(resolved ?? path)} is not in Git`, hint);
  }
  return new Map();
}
