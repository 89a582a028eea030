// One Compose project, from its files to services, networks and volumes: parse, interpolate, merge, read, resolve.
// What can be had only once on a device is returned as claims, because the device's other apps matter for it.
import type { Network, Service, Volume } from '../model/desired.ts';
import type { SourceFile } from '../model/source.ts';
import type { Claim } from './claims.ts';
import { findCycles } from './cycles.ts';
import { type Files, folderOf } from './files.ts';
import { interpolate } from './interpolate.ts';
import { TOP_KEYS, type TopFields } from './keys/top.ts';
import { TOP_NOT_YET } from './keys/unsupported.ts';
import { mergeFiles } from './merge.ts';
import { describe, type MapNode } from './node.ts';
import { wholeFile } from './place.ts';
import { readKeys } from './read.ts';
import { below, doubtful, type Report, shown, type Where, wrong } from './report.ts';
import { claimsOf, type HostPath, resolveNetworks, resolveVolumes, volumeHostPaths } from './resources.ts';
import { resolveService, type ServiceContext } from './service.ts';
import type { Budget, Variables } from './variables.ts';
import { parseYaml } from './yaml.ts';

/** Most services of one app; as many as a status can report. */
export const MAX_SERVICES = 512;

export interface ProjectInput {
  readonly app: string;
  /** In order; relative paths count from the folder of the first. */
  readonly compose: readonly [SourceFile, ...SourceFile[]];
  readonly files: Files;
  readonly variables: Variables;
  readonly budget: Budget;
  readonly report: Report;
}

/** Sorted by name. Meaningful only when nothing was reported as an error. */
export interface Project {
  readonly services: readonly Service[];
  readonly networks: readonly Network[];
  readonly volumes: readonly Volume[];
  readonly claims: readonly Claim[];
  readonly hostPaths: readonly HostPath[];
}

const NO_SERVICES = 'no services are declared';
const ADD_SERVICES = 'add services: with at least one service';

const NOTHING: Project = { services: [], networks: [], volumes: [], claims: [], hostPaths: [] };

export function loadProject(input: ProjectInput): Project {
  const where: Where = { path: '', report: input.report };
  const main = input.compose[0].path;
  const [first, ...others] = input.compose.flatMap((file) => readFile(file, where, input));
  if (first === undefined) {
    if (!input.report.failed()) wrong(where, wholeFile(main), 'missing-key', NO_SERVICES, ADD_SERVICES);
    return NOTHING;
  }
  const merged = mergeFiles(first, others, where);
  const top = readKeys(merged, where, TOP_KEYS, TOP_NOT_YET);
  if (top === undefined) return NOTHING;
  checkTop(top, merged, main, where, input);

  const context = contextOf(top, folderOf(main), input);
  const services = context.services.slice(0, MAX_SERVICES).flatMap((name) => {
    const service = top.services?.get(name);
    const at = below(below(where, 'services'), name);
    return service === undefined ? [] : (resolveService(name, service, at, context) ?? []);
  });
  checkCycles(services, top, where);
  const networks = resolveNetworks(services, top.networks ?? new Map(), input.app, main, where);
  const volumes = resolveVolumes(top.volumes ?? new Map(), input.app, where);
  return {
    services,
    networks: networks.map(({ value }) => value),
    volumes: volumes.map(({ value }) => value),
    claims: [...context.claims, ...claimsOf(input.app, networks, volumes)],
    hostPaths: [...context.hostPaths, ...volumeHostPaths(services, volumes)],
  };
}

function readFile(file: SourceFile, where: Where, { report, variables, budget }: ProjectInput): MapNode[] {
  const parsed = parseYaml(file.path, file.bytes, report);
  if (parsed.kind === 'empty') doubtful(where, wholeFile(file.path), 'empty-file', 'the file is empty');
  if (parsed.kind !== 'tree') return [];
  const { root } = parsed;
  if (root.kind !== 'map') {
    wrong(where, root.at, 'type', `a Compose file has to be a map, not ${describe(root)}`, 'begin with "services:"');
    return [];
  }
  const made = interpolate(root, where, { variables, budget });
  return made.kind === 'map' ? [made] : [];
}

function checkTop(top: Partial<TopFields>, merged: MapNode, file: string, where: Where, { app }: ProjectInput): void {
  if (top.name !== undefined && top.name.value !== app) {
    const hint = `remove it, or name the app "${shown(top.name.value)}" in device.yaml`;
    doubtful(below(where, 'name'), top.name.at, 'name', `the app is named "${app}", and that name counts`, hint);
  }
  const count = top.services?.size ?? 0;
  if (count > MAX_SERVICES) wrong(where, wholeFile(file), 'too-large', `more than ${MAX_SERVICES} services in one app`);
  if (count === 0 && !merged.entries.has('include')) {
    wrong(where, wholeFile(file), 'missing-key', NO_SERVICES, ADD_SERVICES);
  }
}

function contextOf(top: Partial<TopFields>, folder: string, input: ProjectInput): ServiceContext {
  return {
    app: input.app,
    folder,
    files: input.files,
    variables: input.variables,
    budget: input.budget,
    services: [...(top.services?.keys() ?? [])].sort(),
    networks: [...(top.networks?.keys() ?? [])].sort(),
    volumes: [...(top.volumes?.keys() ?? [])].sort(),
    configs: top.configs ?? new Map(),
    claims: [],
    hostPaths: [],
  };
}

function checkCycles(services: readonly Service[], top: Partial<TopFields>, where: Where): void {
  const graph = new Map(services.map((service) => [service.name, Object.keys(service.depends_on)]));
  for (const cycle of findCycles(graph)) {
    const at = top.services?.get(cycle[0] ?? '')?.keyAt;
    if (at === undefined) continue;
    const path = below(below(below(where, 'services'), cycle[0] ?? ''), 'depends_on');
    wrong(path, at, 'cycle', `services wait for each other: ${cycle.map(shown).join(' → ')}`, 'remove one of these');
  }
}
