// An app's interpolation variables: what each source of them gives, which counts, and which of them are secret.

import { type Files, folderOf } from '../compose/files.ts';
import { findNamed } from '../compose/named-file.ts';
import { below, doubtful, itemOf, type Report, shown, type Where, wrong } from '../compose/report.ts';
import { isSops, type SecretFiles, variableName } from '../compose/resolve/secret-files.ts';
import { parseDotenv } from '../compose/variables/dotenv.ts';
import { type Budget, SHELL_VARIABLES, type Variables } from '../compose/variables/variables.ts';
import type { SourceFile } from '../model/source.ts';
import type { AppFields } from './layers.ts';

export interface AppContext {
  readonly files: Files;
  readonly budget: Budget;
  readonly report: Report;
  readonly secretFiles: SecretFiles;
}

interface AppSecrets {
  /** By name, `outer.inner`; of two files the later one counts. */
  readonly values: ReadonlyMap<string, string>;
  /** false: a file is not open, which is said elsewhere; whatever is not in `values` may be in there. */
  readonly complete: boolean;
}

export function secretsOf(app: AppFields, where: Where, context: AppContext): AppSecrets {
  const values = new Map<string, string>();
  let complete = true;
  for (const [index, path] of app.secrets.entries()) {
    const at = itemOf(below(where, 'secrets'), index);
    const file = findNamed(path.value, path.at, at, path.from, context.files);
    if (file === undefined) {
      complete = false;
      continue;
    }
    if (!isSops(file)) {
      complete = false;
      const hint = `encrypt it: holdfast secrets encrypt ${shown(file.path)}; plain variables belong under env_files`;
      wrong(at, path.at, 'secret-in-clear', `${shown(file.path)} is not encrypted with SOPS`, hint);
      continue;
    }
    const open = context.secretFiles.open(file, path.at, at);
    complete &&= open !== undefined;
    const names = new Map<string, string>();
    for (const [name, { text }] of open?.values ?? []) {
      const variable = variableName(name);
      const other = names.get(variable);
      if (other !== undefined) {
        doubtful(
          at,
          path.at,
          'same-name',
          `${shown(other)} and ${shown(name)} are both $${shown(variable)}`,
          'rename one',
        );
      }
      names.set(variable, name);
      values.set(name, text);
    }
  }
  return { values, complete };
}

/** env of device.yaml over secrets over env_files (later over earlier) over the .env beside the first Compose file. */
export function variablesOf(
  app: AppFields,
  first: SourceFile,
  envFiles: readonly SourceFile[],
  { values, complete }: AppSecrets,
  { files, budget, report }: AppContext,
): Variables {
  const secret = new Map([...values].map(([name, value]) => [variableName(name), value]));
  const over = new Map(secret);
  for (const [name, { value }] of app.env) {
    if (value === null) continue;
    over.set(name, value);
    secret.delete(name);
  }
  const folder = folderOf(first.path);
  const dotenv = folder === '' ? '.env' : `${folder}/.env`;
  const found = files.find(dotenv, folder || dotenv);
  const under = new Map<string, string>();
  for (const file of [...(found.kind === 'file' ? [found.file] : []), ...envFiles]) {
    for (const [name, value] of parseDotenv(file, { over, under, budget }, report)) under.set(name, value);
  }
  const all = new Map([...SHELL_VARIABLES, ...under, ...over, ['COMPOSE_PROJECT_NAME', app.name]]);
  return {
    get: (name) => all.get(name),
    isSecret: (name) => secret.has(name),
    isUnknown: () => !complete,
    names: () => all.keys(),
  };
}
