// One Compose project, from its files to services, networks and volumes: put together, select, read, resolve.
// What can be had only once on a device is returned as claims, because the device's other apps matter for it.

import type { Network } from '../model/network.ts';
import type { Service } from '../model/service.ts';
import type { SourceFile } from '../model/source.ts';
import type { Volume } from '../model/volume.ts';
import { type Files, folderOf } from './files.ts';
import type { ConfigFields } from './keys/configs.ts';
import type { SecretFields } from './keys/secrets.ts';
import { type ServiceNode, TOP_KEYS, type TopFields, type VolumeFields } from './keys/top.ts';
import { TOP_NOT_YET } from './keys/unsupported.ts';
import type { MapNode } from './node.ts';
import { type Place, wholeFile } from './place.ts';
import { readKeys } from './read.ts';
import { below, doubtful, type Report, shown, type Where, wrong } from './report.ts';
import type { Claim } from './resolve/claims.ts';
import { findCycles } from './resolve/cycles.ts';
import { withoutIdle } from './resolve/dependencies.ts';
import { networkAsks } from './resolve/network-asks.ts';
import {
  claimsOf,
  driverAsks,
  type LocatedAsk,
  resolveNetworks,
  resolveVolumes,
  volumeHostPaths,
} from './resolve/resources.ts';
import type { SecretFiles } from './resolve/secret-files.ts';
import { resolveService, type ServiceContext } from './resolve/service.ts';
import { weightOf } from './resolve/weight.ts';
import { checkServices, isForeign } from './tree/foreign.ts';
import { createLoading } from './tree/loading.ts';
import { loadModel } from './tree/model.ts';
import { participants } from './tree/participants.ts';
import { type Budget, MAX_STATE, type Variables } from './variables/variables.ts';

/** Most services of one app; as many as a status can report. */
export const MAX_SERVICES = 512;

export interface ProjectInput {
  readonly app: string;
  /** In order; relative paths count from the folder of the first. */
  readonly compose: readonly [SourceFile, ...SourceFile[]];
  readonly files: Files;
  readonly variables: Variables;
  /** Active ones; `*`: all. */
  readonly profiles: readonly string[];
  readonly budget: Budget;
  readonly report: Report;
  /** The device's SOPS files, and the values that the app has of them, by name (null: not all are known). */
  readonly secretFiles: SecretFiles;
  readonly secretValues: ReadonlyMap<string, string> | null;
}

/** What the files say, where the model keeps only what it means: for showing it. */
export interface Declared {
  /** Where relative paths count from. */
  readonly folder: string;
  readonly services: ReadonlyMap<string, ServiceNode>;
  /** Services without a container (`replicas: 0`). */
  readonly idle: readonly Service[];
  readonly volumes: ReadonlyMap<string, VolumeFields>;
  readonly configs: ReadonlyMap<string, ConfigFields>;
  readonly secrets: ReadonlyMap<string, SecretFields>;
}

/** Sorted by name. Meaningful only when nothing was reported as an error. */
export interface Project {
  readonly services: readonly Service[];
  readonly networks: readonly Network[];
  readonly volumes: readonly Volume[];
  readonly claims: readonly Claim[];
  readonly asks: readonly LocatedAsk[];
  readonly declared: Declared;
}

const ADD_SERVICES = 'add services: with at least one service';

const NONE: Declared = {
  folder: '',
  services: new Map(),
  idle: [],
  volumes: new Map(),
  configs: new Map(),
  secrets: new Map(),
};
const NOTHING: Project = { services: [], networks: [], volumes: [], claims: [], asks: [], declared: NONE };

export function loadProject(input: ProjectInput): Project {
  const where: Where = { path: '', report: input.report };
  const main = input.compose[0].path;
  const folder = folderOf(main);
  const loading = createLoading(input.files, input.report, input.budget);
  const model = loadModel(input.compose, { folder, variables: input.variables }, [main], loading);
  if (model === undefined) {
    if (!input.report.failed()) wrong(where, wholeFile(main), 'missing-key', 'the file is empty', ADD_SERVICES);
    return NOTHING;
  }
  loading.sayEmpty();
  if (isForeign(model, where)) return NOTHING;
  const top = readKeys(participants(model, input.profiles, where, { ...input, folder }), where, TOP_KEYS, TOP_NOT_YET);
  if (top === undefined) return NOTHING;
  checkTop(top, model, main, where, input);

  const context = contextOf(top, folder, input);
  const resolved = context.services.slice(0, MAX_SERVICES).flatMap((name) => {
    const service = top.services?.get(name);
    const at = below(below(where, 'services'), name);
    return service === undefined ? [] : kept(resolveService(name, service, at, context), service.keyAt, at, input);
  });
  if (resolved.length > MAX_SERVICES && context.services.length <= MAX_SERVICES) {
    wrong(where, wholeFile(main), 'too-large', `more than ${MAX_SERVICES} containers in one app`);
  }
  const services = withoutIdle(resolved);
  checkCycles(services, top, where);
  const networks = resolveNetworks(services, top.networks ?? new Map(), input.app, main, where);
  const volumes = resolveVolumes(top.volumes ?? new Map(), input.app, where);
  return {
    services,
    networks: networks.map(({ value }) => value),
    volumes: volumes.map(({ value }) => value),
    declared: declaredOf(top, context),
    claims: [...context.claims, ...claimsOf(input.app, networks, volumes)],
    asks: [
      ...context.asks,
      ...driverAsks(networks, volumes, top),
      ...networkAsks(networks, top.networks),
      ...volumeHostPaths(volumes, top.volumes ?? new Map()),
    ],
  };
}

/** Nothing else of the context: it is kept for showing, and the values of secrets are not to be shown. */
function declaredOf(top: Partial<TopFields>, context: ServiceContext): Declared {
  const { folder, idle, volumes, configs, secrets } = context;
  return { folder, idle, volumes, configs, secrets, services: top.services ?? NONE.services };
}

/** Containers, as long as the device's state has room for them. */
function kept(services: readonly Service[], at: Place, where: Where, { budget }: ProjectInput): readonly Service[] {
  if (services.every((service) => budget.keep(weightOf(service, MAX_STATE)))) return services;
  wrong(where, at, 'too-large', 'with this service, the state of the device becomes too large');
  return [];
}

function checkTop(top: Partial<TopFields>, model: MapNode, file: string, where: Where, { app }: ProjectInput): void {
  if (top.name !== undefined && top.name.value !== app) {
    const hint = `remove it, or name the app "${shown(top.name.value)}" in device.yaml`;
    doubtful(below(where, 'name'), top.name.at, 'name', `the app is named "${app}", and that name counts`, hint);
  }
  const count = top.services?.size ?? 0;
  if (count > MAX_SERVICES) wrong(where, wholeFile(file), 'too-large', `more than ${MAX_SERVICES} services in one app`);
  checkServices(model, wholeFile(file), where, TOP_KEYS);
}

function contextOf(top: Partial<TopFields>, folder: string, input: ProjectInput): ServiceContext {
  return {
    app: input.app,
    folder,
    files: input.files,
    variables: input.variables,
    budget: input.budget,
    services: [...(top.services?.keys() ?? [])].sort(),
    networks: top.networks ?? new Map(),
    volumes: top.volumes ?? new Map(),
    configs: top.configs ?? new Map(),
    secrets: top.secrets ?? new Map(),
    secretFiles: input.secretFiles,
    secretValues: input.secretValues,
    claims: [],
    idle: [],
    asks: [],
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
