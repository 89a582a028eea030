// Which apps a device runs: those of its layers, and the one of the Compose file in its own folder.
import { type Files, joinPath } from '../compose/files.ts';
import { didYouMean } from '../compose/nearest.ts';
import { wholeFile } from '../compose/place.ts';
import type { Report } from '../compose/report.ts';
import { type AppEntry, MAX_APPS } from './app-keys.ts';
import { composeFilesIn } from './compose-folder.ts';
import { type AppFields, type Layer, mergeApps, type PathFrom } from './layers.ts';
import type { DeviceFields, FleetFields } from './settings.ts';

/** Diagnostic code of a folder that is gone or empty: a reason to keep what runs, never to remove it. */
export const NOTHING_DECLARED = 'nothing-declared';

/** Shared apps: `apps/<name>/compose.yaml`. */
export const SHARED_APPS = 'apps';

export interface DeclaredInput {
  readonly device: string;
  readonly sharedApps: readonly string[];
  /** The device's folder. */
  readonly folder: string;
  readonly fleet: Partial<FleetFields>;
  readonly own: Partial<DeviceFields>;
  /** The last one is device.yaml. */
  readonly layers: readonly Layer[];
  readonly files: Files;
  readonly report: Report;
}

/** In the order in which they are named; those that are switched off are left out. */
export function declaredApps(input: DeclaredInput): AppFields[] {
  const { device, folder, layers, files, report } = input;
  const given = new Set(layers.slice(0, -1).flatMap(({ apps = [] }) => apps.map(({ name }) => name)));
  const sole = hasOwnApp(input) ? soleApp(device, composeFilesIn(folder, files, report), folder) : null;
  if (sole !== null && given.has(device)) {
    const what = `the app of this file and one that a group gives are both named "${device}"`;
    report.error(sole.at, 'duplicate-app', what, `name it in device.yaml: apps: [{name: …, compose: …}]`);
  }
  if (sole === null && input.own.apps === undefined && (given.size === 0 || isGone(folder, files))) {
    const file = folder === '' ? 'compose.yaml' : `${folder}/compose.yaml`;
    const what = `the device "${device}" declares nothing: no device.yaml or group names apps, nor is there a compose.yaml`;
    report.error(wholeFile(file), NOTHING_DECLARED, what, `create ${file}`);
    return [];
  }
  const all = sole === null ? layers : layers.with(-1, withApp(layers.at(-1), sole, folder));
  const apps = mergeApps(all, (entry) => sharedFiles(entry, input));
  if (apps.length > MAX_APPS)
    report.error(wholeFile(folder), 'too-large', `more than ${MAX_APPS} apps on the device "${device}"`);
  for (const app of apps) checkDisabled(app, given, report);
  return apps.slice(0, MAX_APPS).filter(({ enabled }) => enabled?.value !== false);
}

/**
 * Does the Compose file in the device's folder count? Entries for apps of groups name no app of the device's own, whether the
 * group selects the device or not: what else runs here must not hang on a label.
 */
function hasOwnApp({ own, fleet }: DeclaredInput): boolean {
  if (own.apps === undefined) return true;
  const grouped = new Set((fleet.groups ?? []).flatMap(({ apps = [] }) => apps.map(({ name }) => name)));
  return own.apps.length > 0 && own.apps.every(({ name, enabled }) => grouped.has(name) || enabled?.value === false);
}

function soleApp(device: string, paths: readonly string[], folder: string): AppEntry | null {
  const [first] = paths;
  if (first === undefined) return null;
  const compose = paths.map((path) => ({
    value: folder === '' ? path : path.slice(folder.length + 1),
    at: wholeFile(path),
  }));
  return { name: device, at: wholeFile(first), compose };
}

function withApp(layer: Layer | undefined, app: AppEntry, folder: string): Layer {
  return { group: null, folder, ...layer, apps: [...(layer?.apps ?? []), app] };
}

/** A folder that nobody can see is no order to run what the rest of the fleet runs. */
function isGone(folder: string, files: Files): boolean {
  return files.find(folder).kind === 'absent';
}

/** What an app runs that names no file. */
function sharedFiles({ name, at }: AppEntry, { fleet, sharedApps, files, report }: DeclaredInput): PathFrom[] {
  const folder = joinPath(SHARED_APPS, name) ?? name;
  const found = files.find(folder);
  if (found.kind === 'unknown') return [];
  const paths = found.kind === 'folder' ? composeFilesIn(folder, files, report) : [];
  if (paths.length === 0) {
    const grouped = (fleet.groups ?? []).flatMap(({ apps = [] }) => apps.map((app) => app.name));
    const known = [...new Set([...sharedApps, ...grouped])].filter((other) => other !== name);
    const hint =
      didYouMean(name, known) ?? `create ${folder}/compose.yaml, or say which file: {name: ${name}, compose: …}`;
    report.error(at, 'unknown-app', `there is no shared app "${name}": ${folder}/compose.yaml is not in Git`, hint);
  }
  return paths.map((path) => ({ value: path, at, from: '' }));
}

function checkDisabled({ name, enabled, from }: AppFields, given: ReadonlySet<string>, report: Report): void {
  if (enabled?.value !== false || from.length > 1 || given.has(name)) return;
  const hint = didYouMean(name, [...given]) ?? 'remove the entry';
  report.warn(
    enabled.at,
    'unknown-app',
    `no group gives this device an app "${name}" that could be switched off`,
    hint,
  );
}
