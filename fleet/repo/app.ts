// One app of a device: finds its Compose files and its interpolation variables, and loads the project.
import { parseDotenv } from '../compose/dotenv.ts';
import { type Files, folderOf } from '../compose/files.ts';
import { repositoryPath } from '../compose/mounts.ts';
import { wholeFile } from '../compose/place.ts';
import { loadProject, type Project } from '../compose/project.ts';
import type { Located } from '../compose/read.ts';
import { itemOf, type Report, shown, type Where, wrong } from '../compose/report.ts';
import type { Budget } from '../compose/variables.ts';
import type { SourceFile } from '../model/source.ts';
import { COMPOSE_NAMES, OVERRIDE_NAMES } from './compose-names.ts';
import { type AppFields, appDefaults } from './settings.ts';

export interface LoadedApp {
  readonly app: AppFields;
  readonly project: Project;
}

export interface AppContext {
  /** The device's folder; paths of device.yaml count from it. */
  readonly folder: string;
  readonly files: Files;
  readonly budget: Budget;
  readonly report: Report;
}

/** undefined: its files are not there (reported, or to be loaded first). */
export function loadApp(app: AppFields, context: AppContext): LoadedApp | undefined {
  const where: Where = { path: `apps.${app.name}`, report: context.report };
  const compose = app.compose.map((path, index) => {
    return findFile(path, itemOf({ ...where, path: `${where.path}.compose` }, index), context);
  });
  const env = app.env_files.map((path, index) => {
    return findFile(path, itemOf({ ...where, path: `${where.path}.env_files` }, index), context);
  });
  const present = compose.filter((file) => file !== undefined);
  const [first, ...others] = present;
  if (first === undefined || present.length < compose.length) return undefined;
  const variables = variablesOf(
    app,
    first,
    env.filter((file) => file !== undefined),
    context,
  );
  const { files, budget, report } = context;
  const project = loadProject({ app: app.name, compose: [first, ...others], files, variables, budget, report });
  return { app, project };
}

/** Diagnostic code of a folder that is gone or empty: a reason to keep what runs, never to remove it. */
export const NOTHING_DECLARED = 'nothing-declared';

/** The app of a device whose device.yaml names none: one Compose file in its folder. */
export function soleApp(device: string, folder: string, files: Files, report: Report): AppFields[] {
  const inFolder = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const [first, second] = COMPOSE_NAMES.filter((name) => files.find(inFolder(name), folder).kind === 'file');
  if (first === undefined) {
    const what = `the device "${device}" declares nothing: neither device.yaml names apps nor is there a compose.yaml`;
    report.error(wholeFile(inFolder('compose.yaml')), NOTHING_DECLARED, what, `create ${inFolder('compose.yaml')}`);
    return [];
  }
  if (second !== undefined) {
    report.warn(wholeFile(inFolder(second)), 'ignored-file', `not read, because there is a ${first} too`);
  }
  for (const name of OVERRIDE_NAMES) {
    if (files.find(inFolder(name), folder).kind !== 'file') continue;
    const hint = `name both files in device.yaml: compose: [${first}, ${name}]`;
    report.warn(
      wholeFile(inFolder(name)),
      'ignored-file',
      'not read: files are only merged when device.yaml names them',
      hint,
    );
  }
  const at = wholeFile(inFolder(first));
  const none = { env: new Map(), env_files: [], depends_on: [] };
  return [{ name: device, at, compose: [{ value: first, at }], ...none, ...appDefaults({}) }];
}

/** A file that device.yaml names. Its whole folder is loaded: what it refers to is mostly there. */
function findFile({ value, at }: Located<string>, where: Where, context: AppContext): SourceFile | undefined {
  const path = repositoryPath(value, at, where, context.folder);
  if (path === undefined) return undefined;
  const found = context.files.find(path, folderOf(path) || path);
  if (found.kind === 'file') return found.file;
  if (found.kind === 'absent')
    wrong(where, at, 'missing-file', `${shown(path)} is not in Git`, 'commit it, or correct the path');
  if (found.kind === 'folder') {
    const name = COMPOSE_NAMES.find((candidate) => found.files.some((file) => file.path === `${path}/${candidate}`));
    wrong(
      where,
      at,
      'path',
      `${shown(path)} is a folder`,
      name === undefined ? 'name a file' : `write ${shown(value)}/${name}`,
    );
  }
  return undefined;
}

/** env of device.yaml over env_files (later over earlier) over the .env beside the first Compose file. */
function variablesOf(
  app: AppFields,
  first: SourceFile,
  envFiles: readonly SourceFile[],
  { files, budget, report }: AppContext,
): ReadonlyMap<string, string> {
  const over = new Map<string, string>();
  for (const [name, { value }] of app.env) if (value !== null) over.set(name, value);
  const folder = folderOf(first.path);
  const dotenv = folder === '' ? '.env' : `${folder}/.env`;
  const found = files.find(dotenv, folder || dotenv);
  const under = new Map<string, string>();
  for (const file of [...(found.kind === 'file' ? [found.file] : []), ...envFiles]) {
    for (const [name, value] of parseDotenv(file, { over, under, budget }, report)) under.set(name, value);
  }
  return new Map([...under, ...over, ['COMPOSE_PROJECT_NAME', app.name]]);
}
