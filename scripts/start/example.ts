// Makes the demo's own fleet: a working copy of fleet/example/ as a Git repository that the user can edit and commit to.
import { cp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commitAll, makeRepository } from '../git-repository.ts';
import { freePort } from './ports.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'fleet', 'example');
const EXAMPLE_DEVICE = 'edge-01';
const EXAMPLE_PORT = '8088';

export interface ExampleFleet {
  readonly folder: string;
  /** Where the example's page is published. */
  readonly pageUrl: string;
}

export async function makeExample(folder: string, device: string): Promise<ExampleFleet> {
  // An identity of its own lets the user's first commit work, whatever is configured on this machine.
  await makeRepository(folder);
  await cp(EXAMPLE, folder, { recursive: true });
  if (device !== EXAMPLE_DEVICE) {
    await rename(join(folder, 'devices', EXAMPLE_DEVICE), join(folder, 'devices', device));
  }
  const port = await freePort(Number(EXAMPLE_PORT));
  const file = join(folder, 'devices', device, 'device.yaml');
  const declared = await readFile(file, 'utf8');
  const adapted = declared.replace(`WEB_PORT: "${EXAMPLE_PORT}"`, `WEB_PORT: "${port}"`);
  if (port !== Number(EXAMPLE_PORT) && adapted === declared) throw new Error(`${file} does not set WEB_PORT.`);
  await writeFile(file, adapted);
  await commitAll(folder, 'The example fleet');
  return { folder, pageUrl: `http://127.0.0.1:${port}/` };
}
