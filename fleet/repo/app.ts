// One app of a device: finds its Compose files and its interpolation variables, and loads the project.

import { findNamed } from '../compose/named-file.ts';
import { loadProject, type Project } from '../compose/project.ts';
import { below, itemOf, type Where } from '../compose/report.ts';
import { PROFILES_VARIABLE } from '../compose/tree/profiles.ts';
import type { SourceFile } from '../model/source.ts';
import { type AppContext, secretsOf, variablesOf } from './app-variables.ts';
import type { AppFields } from './layers.ts';

export interface LoadedApp {
  readonly app: AppFields;
  readonly project: Project;
}

/** undefined: its files are not there (reported, or to be loaded first). */
export function loadApp(app: AppFields, context: AppContext): LoadedApp | undefined {
  const where: Where = { path: `apps.${app.name}`, report: context.report };
  const named = (key: 'compose' | 'env_files'): (SourceFile | undefined)[] =>
    app[key].map(({ value, at, from }, index) =>
      findNamed(value, at, itemOf(below(where, key), index), from, context.files),
    );
  const compose = named('compose');
  const env = named('env_files').filter((file) => file !== undefined);
  const secrets = secretsOf(app, where, context);
  const present = compose.filter((file) => file !== undefined);
  const [first, ...others] = present;
  if (first === undefined || present.length < compose.length) return undefined;
  const variables = variablesOf(app, first, env, secrets, context);
  const { files, budget, report, secretFiles } = context;
  const given = (variables.get(PROFILES_VARIABLE) ?? '').split(',').map((profile) => profile.trim());
  const profiles = [...app.profiles, ...given];
  const project = loadProject({
    app: app.name,
    compose: [first, ...others],
    files,
    variables,
    profiles,
    budget,
    report,
    secretFiles,
    secretValues: secrets.complete ? secrets.values : null,
  });
  return { app, project };
}
