// The import table of the design as data, and what a source file does against it.
import { join, posix } from 'node:path';
import type { Source } from './scan.ts';

/** Which folders of the repository a folder may import from; the first prefix that fits a file decides. */
const FROM: readonly { readonly folder: string; readonly may: readonly string[] }[] = [
  { folder: 'fleet/', may: ['fleet/'] },
  { folder: 'agent/', may: ['agent/', 'fleet/'] },
  // The dashboard runs in a browser: of the hub it knows the API's schemas only.
  { folder: 'hub/web/', may: ['hub/web/', 'hub/api/', 'fleet/'] },
  { folder: 'hub/', may: ['hub/', 'fleet/'] },
];

/** The stages in which Compose files are read: each builds on those before it, and on what lies beside `project.ts`, which alone knows all. */
const STAGES_OF = 'fleet/compose/';
const STAGES = ['yaml', 'variables', 'keys', 'tree', 'resolve'];

/** The only packages of the core. */
const FLEET_PACKAGES = ['yaml', 'zod', 'croner', 'node:crypto', 'node:path'];

/** The one home of each SDK, in agent and hub. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  croner: ['fleet/window/'],
  dockerode: ['agent/docker/'],
  'isomorphic-git': ['agent/git/', 'hub/git/'],
  ssh2: ['agent/git/'],
  openpgp: ['agent/trust/'],
  'age-encryption': ['agent/secrets/', 'hub/secrets/'],
  mqtt: ['agent/mqtt/', 'hub/mqtt/'],
  aedes: ['hub/broker/'],
  'node:sqlite': ['agent/store/', 'hub/store/'],
  kysely: ['agent/store/', 'hub/store/'],
  pg: ['hub/store/'],
  preact: ['hub/web/'],
  '@preact/signals': ['hub/web/'],
};

/** One sentence for each thing that the file may not do. */
export function violations(source: Source): readonly string[] {
  const { path } = source;
  const own = FROM.find(({ folder }) => path.startsWith(folder));
  if (own === undefined) return [];
  const found = source.imports.flatMap(({ name }) => {
    if (name === null) return [`${path} imports something that is computed`];
    const refused = name.startsWith('.') ? refuseRelative(path, name, own.may) : refusePackage(path, name);
    return refused === null ? [] : [`${path} ${refused}`];
  });
  return own.folder === 'fleet/' ? [...found, ...source.ambient.map((used) => `${path} uses ${used}`)] : found;
}

function refuseRelative(path: string, name: string, may: readonly string[]): string | null {
  const imported = posix.join(posix.dirname(path), name);
  // What lies at the root belongs to no part: package.json and the like.
  if (!may.some((folder) => imported.startsWith(folder)) || isLaterStage(path, imported)) return `imports ${imported}`;
  return null;
}

function isLaterStage(path: string, imported: string): boolean {
  if (!path.startsWith(STAGES_OF) || !imported.startsWith(STAGES_OF) || path === `${STAGES_OF}project.ts`) return false;
  return stageOf(imported) > stageOf(path) || imported === `${STAGES_OF}project.ts`;
}

/** -1: what all of them share. */
function stageOf(path: string): number {
  return STAGES.indexOf(path.slice(STAGES_OF.length).split('/')[0] ?? '');
}

function refusePackage(path: string, name: string): string | null {
  const parts = name.split('/');
  const packageName = parts.slice(0, name.startsWith('@') ? 2 : 1).join('/');
  const homes = HOMES[packageName];
  if (homes !== undefined && !homes.some((home) => path.startsWith(home))) {
    return `imports ${name}, whose home is ${homes.join(' and ')}`;
  }
  if (path.startsWith('fleet/') && !FLEET_PACKAGES.includes(packageName)) return `imports ${name}`;
  return null;
}

/** Places of one machine, which no other has. Put together, so that this file does not hold them. */
export const MACHINE_PATHS = new RegExp(`(?<![\\w.$}])/(?:${['work', 'root', 'home/[a-z]+/work'].join('|')})/`);

export const ROOT = join(import.meta.dirname, '..', '..');
