// Which devices a repository on disk declares. Looks at names only.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { COMPOSE_NAMES } from '../../fleet/compose/compose-names.ts';
import { SHARED_APPS } from '../../fleet/repo/apps.ts';
import { devicePath } from '../../fleet/repo/layout.ts';

const DEVICES = 'devices';
const DECLARES = new Set(['device.yaml', 'device.yml', ...COMPOSE_NAMES]);

/** Folders below `devices/` that declare something, sorted. Names that are no ids are among them: resolving says so. */
export function devicesIn(folder: string): string[] {
  const declares = (device: string) => namesIn(join(folder, devicePath(device))).some(({ name }) => DECLARES.has(name));
  return namesIn(join(folder, DEVICES))
    .filter((entry) => entry.isDirectory() && declares(entry.name))
    .map(({ name }) => name)
    .sort();
}

/** Folders below `apps/`. */
export function sharedAppsIn(folder: string): string[] {
  return namesIn(join(folder, SHARED_APPS))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function namesIn(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}
