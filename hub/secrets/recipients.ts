// For whom a file of a repository is encrypted: the devices that it is for, and the people of fleet.yaml. A file in a device's
// own folder is for that device alone, so that a stolen device opens nothing of another.
import { existsSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { type Diagnostic, formatDiagnostic } from '../../fleet/diagnostic.ts';
import { deviceSecrets, operators } from '../../fleet/repo/recipients.ts';
import { CliError } from '../cli/io.ts';
import { devicesIn } from '../repository/devices.ts';
import { resolveIn } from '../repository/resolve-in.ts';
import { openWorkTree, type WorkTree } from '../repository/work-tree.ts';

export interface Repository {
  readonly folder: string;
  readonly workTree: WorkTree;
}

/** The nearest folder above the file that looks like a fleet repository. Throws `CliError`. */
export function repositoryOf(file: string): Repository {
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    if (['fleet.yaml', 'devices'].some((name) => existsSync(resolve(folder, name)))) {
      return { folder, workTree: openWorkTree(folder, (root) => root.startsWith('devices/')) };
    }
    if (folder === dirname(folder)) {
      throw new CliError(`${file} is in no fleet repository: no folder above it has a fleet.yaml or devices/`);
    }
  }
}

export function pathIn({ folder }: Repository, file: string): string {
  return relative(folder, resolve(file)).split(sep).join('/');
}

/** Devices that a file is for: those named, else the one whose folder it is in, else all that refer to it. */
export function devicesOf(repository: Repository, path: string, named: readonly string[]): readonly string[] {
  const known = devicesIn(repository.folder);
  for (const device of named) {
    if (!known.includes(device)) throw new CliError(`${repository.folder} declares no device "${device}"`, 1);
  }
  if (named.length > 0) return named;
  const own = /^devices\/([^/]+)\//.exec(path)?.[1];
  if (own !== undefined) return [own];
  return known.filter((device) => {
    const { tree } = repository.workTree.load([`devices/${device}`, 'fleet.yaml']);
    if (deviceSecrets(tree, device).files.includes(path)) return true;
    return resolveIn(repository.workTree, device).secretFiles.includes(path);
  });
}

/** Public keys, sorted by whom they belong to. Throws `CliError` that names what is missing. */
export function recipientsFor({ workTree }: Repository, path: string, devices: readonly string[]): readonly string[] {
  const people = operators(workTree.load(['fleet.yaml']).tree);
  refuse(people.errors);
  const keys = devices.map((device) => {
    const { recipient, errors } = deviceSecrets(workTree.load([`devices/${device}`]).tree, device);
    refuse(errors);
    if (recipient !== null) return recipient;
    const how = `secrets: { recipient: age1… }, which "age-keygen -y" or "holdfast-agent check" prints on the device`;
    throw new CliError(`devices/${device}/device.yaml names no public key to encrypt for: add ${how}`, 1);
  });
  const all = [...new Set([...keys, ...people.recipients.values()])];
  if (all.length > 0) return all;
  throw new CliError(
    `nobody would be able to open ${path}: no device refers to it, and fleet.yaml names no secrets.recipients. Name devices with --device.`,
    1,
  );
}

function refuse(errors: readonly Diagnostic[]): void {
  if (errors.length > 0) throw new CliError(errors.map(formatDiagnostic).join('\n'), 1);
}
