// For whom the SOPS files of a device are encrypted: its own public key (device.yaml) and those of the fleet's people
// (fleet.yaml); and which files its apps name under `secrets`.
import { joinPath } from '../compose/files.ts';
import type { Keys } from '../compose/read.ts';
import { createReport, type Report } from '../compose/report.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { SourceTree } from '../model/source.ts';
import { labelsOf, layersOf, mergeApps } from './layers.ts';
import { devicePath, FLEET_FILE } from './layout.ts';
import { readSettings } from './read-settings.ts';
import { DEVICE_KEYS, FLEET_KEYS } from './settings.ts';

export interface DeviceSecrets {
  /** null: device.yaml names none. */
  readonly recipient: string | null;
  /** Repository paths of the files that its apps name, those that groups give it among them. */
  readonly files: readonly string[];
  /** Errors of device.yaml and fleet.yaml. */
  readonly errors: readonly Diagnostic[];
}

export function deviceSecrets(tree: SourceTree, device: string): DeviceSecrets {
  const folder = devicePath(device);
  const report = createReport();
  const own = read(tree, `${folder}/device.yaml`, DEVICE_KEYS, report);
  const fleet = read(tree, FLEET_FILE, FLEET_KEYS, report);
  const apps = mergeApps(layersOf(fleet, own, labelsOf(fleet, own), folder), () => []);
  const named = apps.flatMap(({ secrets }) => secrets.map(({ value, from }) => joinPath(from, value)));
  return {
    recipient: own.secrets?.recipient ?? null,
    files: named.filter((path) => path !== null),
    errors: errorsOf(report),
  };
}

/** By name. */
export function operators(tree: SourceTree): {
  readonly recipients: ReadonlyMap<string, string>;
  readonly errors: readonly Diagnostic[];
} {
  const report = createReport();
  const fleet = read(tree, FLEET_FILE, FLEET_KEYS, report);
  return { recipients: fleet.secrets?.recipients ?? new Map(), errors: errorsOf(report) };
}

/** What is not there, or cannot be read, sets nothing. */
function read<T extends object>(tree: SourceTree, path: string, keys: Keys<T>, report: Report): Partial<T> {
  const file = tree.files.get(path);
  return (file && readSettings(file, keys, report)) ?? {};
}

function errorsOf(report: Report): Diagnostic[] {
  return report.diagnostics().filter(({ severity }) => severity === 'error');
}
