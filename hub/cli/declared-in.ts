// One device of a repository on disk, for commands that print what is declared for it.
import { stat } from 'node:fs/promises';
import { messageOf } from '../../fleet/error.ts';
import { devicesIn } from '../repository/devices.ts';
import { type InRepository, resolveIn, type SecretsAs } from '../repository/resolve-in.ts';
import { openWorkTree } from '../repository/work-tree.ts';
import { CliError } from './io.ts';
import { safe } from './text.ts';

/** Devices that are named when another was meant. */
const NAMED = 20;

/** @throws CliError when there is no such device, or nothing to read */
export async function declaredIn(folder: string, device: string, secretsAs?: SecretsAs): Promise<InRepository> {
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error('it is not a folder');
    const devices = devicesIn(folder);
    if (devices.includes(device)) {
      const workTree = openWorkTree(folder, () => true);
      return resolveIn(workTree, device, [], secretsAs);
    }
    throw new CliError(`${folder} declares no device "${safe(device)}"; it declares ${named(devices)}`, 1);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`cannot read the repository ${folder}: ${messageOf(error)}`);
  }
}

export function named(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const rest = names.length - NAMED;
  return `${names.slice(0, NAMED).map(safe).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
