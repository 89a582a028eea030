// `include`: other models in this one. Each is loaded by itself, with its own folder and its own defaults for variables,
// and what this model declares stands over it.
import type { SourceFile } from '../../model/source.ts';
import { folderOf, joinPath } from '../files.ts';
import { findNamed } from '../named-file.ts';
import { isNull, type MapNode, mapNode, type Node, withoutKey } from '../node.ts';
import { type Place, wholeFile } from '../place.ts';
import { type Located, locatedReader, missingKey, oneOrMoreReader, readKeys } from '../read.ts';
import { below, itemOf, shown, type Where, wrong } from '../report.ts';
import { readName } from '../scalars.ts';
import { type EnvFile, loadEnvFile, readEnvFiles } from '../variables/env-file.ts';
import type { Variables } from '../variables/variables.ts';
import { bound } from './bound.ts';
import type { Loading, Origin } from './loading.ts';
import { mergeMaps } from './merge.ts';
import { rebaseModel } from './rebase.ts';

/** Deepest `include` of what is included. */
const MAX_INCLUDES = 16;
/** What is taken over from an included model. */
const SECTIONS = ['services', 'networks', 'volumes', 'configs', 'secrets', 'models'];

/** The main files that lead to a model, the outermost first. */
export type Chain = readonly string[];

type LoadModel = (files: readonly SourceFile[], origin: Origin, chain: Chain) => MapNode | undefined;

/** The layer with what it includes below it. */
export function applyIncludes(
  layer: MapNode,
  origin: Origin,
  chain: Chain,
  loading: Loading,
  load: LoadModel,
): MapNode {
  const entry = layer.entries.get('include');
  const own = withoutKey(layer, 'include');
  if (entry === undefined || isNull(entry.value)) return own;
  const where: Where = { path: 'include', report: loading.report };
  if (entry.value.kind !== 'list') {
    wrong(where, entry.value.at, 'type', 'has to be a list', 'write "include:" and below it "- path/compose.yaml"');
    return own;
  }
  return entry.value.items.reduce<MapNode>((model, item, index) => {
    const at = itemOf(where, index);
    const included = loading.include(item.at, at) ? includedModel(item, at, origin, chain, loading, load) : undefined;
    if (included === undefined || !loading.spend(included, item.at, at)) return model;
    return mergeMaps(included, model, [], { path: '', report: loading.report });
  }, own);
}

interface Include {
  path: readonly Located<string>[];
  project_directory: Located<string>;
  env_file: readonly EnvFile[];
}

function readInclude(item: Node, where: Where): Partial<Include> | undefined {
  const paths = oneOrMoreReader(locatedReader(readName));
  if (item.kind !== 'map') {
    const path = paths(item, where);
    return path && { path };
  }
  const fields = readKeys<Include>(item, where, {
    path: paths,
    project_directory: locatedReader(readName),
    env_file: readEnvFiles,
  });
  missingKey(item, where, 'path', 'add path: the Compose file to include');
  return fields;
}

function includedModel(
  item: Node,
  where: Where,
  origin: Origin,
  chain: Chain,
  loading: Loading,
  load: LoadModel,
): MapNode | undefined {
  const include = readInclude(item, where);
  const files = (include?.path ?? []).map(({ value, at }) => findNamed(value, at, where, origin.folder, loading.files));
  const [main] = files;
  if (include === undefined || main === undefined || files.includes(undefined)) return undefined;
  if (!isNew(main.path, chain, item.at, where)) return undefined;
  const folder = projectFolder(include, main, where, origin.folder);
  if (folder === undefined) return undefined;
  const own = ownVariables(include.env_file, folder, main, where, origin, loading);
  const outer = origin.variables;
  // What the app's variables are (secret, of a file that is not open) they are here too: they stand over these.
  const variables: Variables = { ...outer, get: (name) => outer.get(name) ?? own.get(name) };
  // What the outer model knows is looked up where that is bound, and the app's variables where they are marked secret.
  const onlyOwn: Variables = { get: (name) => (outer.get(name) === undefined ? own.get(name) : undefined) };
  const present = files.filter((file) => file !== undefined);
  const model = load(present, { folder, variables }, [...chain, main.path]);
  return model && rebaseModel(bound(sectionsOf(model), onlyOwn), folder, origin.folder);
}

function isNew(path: string, chain: Chain, at: Place, where: Where): boolean {
  if (chain.includes(path)) {
    const names = [...chain, path].map(shown).join(' → ');
    wrong(where, at, 'cycle', `files include each other: ${names}`, 'remove one of these');
    return false;
  }
  if (chain.length <= MAX_INCLUDES) return true;
  wrong(where, at, 'too-deep', `more than ${MAX_INCLUDES} files include each other`);
  return false;
}

function projectFolder(
  { project_directory: given }: Partial<Include>,
  main: SourceFile,
  where: Where,
  from: string,
): string | undefined {
  if (given === undefined) return folderOf(main.path);
  const folder = given.value.startsWith('/') ? null : joinPath(from, given.value);
  if (folder !== null) return folder;
  const what = `"${shown(given.value)}" is not a folder of the repository`;
  return wrong(below(where, 'project_directory'), given.at, 'path', what, 'write a relative path inside it');
}

/** Defaults of an included model: its env_file, or the .env of its folder. */
function ownVariables(
  envFiles: readonly EnvFile[] | undefined,
  folder: string,
  main: SourceFile,
  where: Where,
  { folder: from, variables }: Origin,
  { files, budget }: Loading,
): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  const at = below(where, 'env_file');
  const dotenv: EnvFile = { path: './.env', required: false, format: 'compose', at: wholeFile(main.path) };
  for (const file of envFiles ?? [dotenv]) {
    if (file.path === '/dev/null') continue;
    const context = { folder: envFiles === undefined ? folder : from, files };
    for (const [name, value] of loadEnvFile(file, { over: variables, under: own, budget }, at, context)) {
      own.set(name, value);
    }
  }
  return own;
}

function sectionsOf(model: MapNode): MapNode {
  return mapNode(
    [...model.entries.values()].filter(({ key }) => SECTIONS.includes(key)),
    model.at,
  );
}
