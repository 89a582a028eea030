// A device's folder of a revision to desired state. Pure: files come in as a tree, and paths that the tree does not cover
// go out as `needs`, so the caller loads them and asks again. Every round names something new or ends.
import { checkClaims } from '../compose/claims.ts';
import { findCycles } from '../compose/cycles.ts';
import { createFiles, type Files, joinPath } from '../compose/files.ts';
import { describe } from '../compose/node.ts';
import { locate, wholeFile } from '../compose/place.ts';
import { type Keys, readKeys, sortedRecord } from '../compose/read.ts';
import { createReport, type Report, shown, wrong } from '../compose/report.ts';
import { createBudget } from '../compose/variables.ts';
import { parseYaml } from '../compose/yaml.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { Desired } from '../model/desired.ts';
import type { SourceTree } from '../model/source.ts';
import { isId } from '../names.ts';
import { type LoadedApp, loadApp, soleApp } from './app.ts';
import { COMPOSE_NAMES } from './compose-names.ts';
import { type AppFields, DEVICE_KEYS, type DeviceFields, FLEET_KEYS, type FleetFields, ID_RULE } from './settings.ts';

export interface ResolveInput {
  readonly device: string;
  /** The device's folder, `devices/<id>`. */
  readonly path: string;
  /** `main@sha1:<commit>` */
  readonly revision: string;
  readonly tree: SourceTree;
}

export type Resolution =
  | {
      readonly kind: 'resolved';
      readonly desired: Desired;
      readonly warnings: readonly Diagnostic[];
      readonly origins: readonly BindOrigin[];
    }
  /** Files and folders that the tree does not cover; load them as well and resolve again. */
  | { readonly kind: 'needs'; readonly roots: readonly string[] }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] };

/** An absolute host path that a service gets to see, and where the file says so. */
export interface BindOrigin {
  readonly app: string;
  readonly service: string;
  readonly source: string;
  readonly place: Pick<Diagnostic, 'file' | 'line' | 'column' | 'source'>;
}

const FLEET_FILE = 'fleet.yaml';
const DEVICES = 'devices';

export function resolveDevice(input: ResolveInput): Resolution {
  const report = createReport();
  const files = createFiles(input.tree);
  const folder = joinPath('', input.path);
  if (!isId(input.device) || folder === null) {
    const what = `"${shown(input.device)}" cannot be the id of a device`;
    report.error(wholeFile(input.path), 'name', what, ID_RULE);
    return { kind: 'invalid', diagnostics: report.diagnostics() };
  }
  const fleet = readSettings<FleetFields>(FLEET_FILE, FLEET_FILE, FLEET_KEYS, files, report);
  const deviceFile = folder === '' ? 'device.yaml' : `${folder}/device.yaml`;
  const device = readSettings<DeviceFields>(deviceFile, folder, DEVICE_KEYS, files, report);
  const apps = device === null ? [] : (device.apps ?? soleApp(input.device, folder, files, report));
  const budget = createBudget();
  const loaded = apps.flatMap((app) => loadApp(app, { folder, files, budget, report }) ?? []);
  checkApps(apps, report);
  checkClaims(
    loaded.flatMap(({ project }) => project.claims),
    report,
  );
  const roots = files.needs();
  if (roots.length > 0) return { kind: 'needs', roots };
  if (report.failed()) return { kind: 'invalid', diagnostics: report.diagnostics() };
  return {
    kind: 'resolved',
    desired: desiredOf(input, fleet ?? {}, device ?? {}, loaded),
    warnings: report.diagnostics(),
    origins: loaded.flatMap(originsOf),
  };
}

/** Where a device's folder is unless the agent is told otherwise. */
export function devicePath(device: string): string {
  return `${DEVICES}/${device}`;
}

/** Folders below `devices/` that declare something, sorted. Names that are no ids are among them: resolving says so. */
export function listDevices(tree: SourceTree): string[] {
  const names = new Set<string>();
  for (const path of tree.files.keys()) {
    const [top, name, file, ...deeper] = path.split('/');
    if (top !== DEVICES || name === undefined || file === undefined || deeper.length > 0) continue;
    if (file === 'device.yaml' || COMPOSE_NAMES.includes(file)) names.add(name);
  }
  return [...names].sort();
}

/** An optional file by its table; what is not there sets nothing. null: it cannot be read, which was reported. */
function readSettings<T extends object>(
  path: string,
  root: string,
  keys: Keys<T>,
  files: Files,
  report: Report,
): Partial<T> | null {
  const found = files.find(path, root);
  if (found.kind !== 'file') return {};
  const parsed = parseYaml(path, found.file.bytes, report);
  if (parsed.kind !== 'tree') return parsed.kind === 'empty' ? {} : null;
  const where = { path: '', report };
  if (parsed.root.kind === 'map') return readKeys(parsed.root, where, keys) ?? null;
  wrong(where, parsed.root.at, 'type', `the file has to be a map, not ${describe(parsed.root)}`);
  return null;
}

function checkApps(apps: readonly AppFields[], report: Report): void {
  const names = apps.map(({ name }) => name);
  for (const app of apps) {
    const where = { path: `apps.${app.name}.depends_on`, report };
    for (const { value, at } of app.depends_on) {
      if (!names.includes(value)) {
        wrong(
          where,
          at,
          'undefined-app',
          `the app "${shown(value)}" is not one of this device`,
          'name it under "apps"',
        );
      }
    }
  }
  const graph = new Map(apps.map((app) => [app.name, app.depends_on.map(({ value }) => value)]));
  for (const cycle of findCycles(graph)) {
    const first = apps.find(({ name }) => name === cycle[0]);
    if (first === undefined) continue;
    const where = { path: `apps.${first.name}.depends_on`, report };
    wrong(where, first.at, 'cycle', `apps wait for each other: ${cycle.join(' → ')}`, 'remove one of these');
  }
}

function desiredOf(
  { device, revision }: ResolveInput,
  fleet: Partial<FleetFields>,
  own: Partial<DeviceFields>,
  loaded: readonly LoadedApp[],
): Desired {
  const drift = own.drift ?? fleet.drift ?? 'correct';
  const labels = new Map([...(fleet.labels ?? []), ...(own.labels ?? [])]);
  return {
    device,
    revision,
    labels: sortedRecord([...labels].map(([name, { value }]) => [name, value ?? ''])),
    intervalMs: own.interval ?? fleet.interval ?? null,
    suspend: own.suspend ?? false,
    apps: loaded.map(({ app, project }) => ({
      name: app.name,
      drift,
      dependsOn: [...new Set(app.depends_on.map(({ value }) => value))],
      strategy: app.strategy,
      healthTimeoutMs: app.health_timeout,
      rollback: app.rollback,
      ignore: app.ignore,
      services: project.services,
      networks: project.networks,
      volumes: project.volumes,
    })),
  };
}

function originsOf({ app, project }: LoadedApp): BindOrigin[] {
  return project.hostPaths.map(({ service, source, at }) => ({ app: app.name, service, source, place: locate(at) }));
}
