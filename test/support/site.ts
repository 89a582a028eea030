// What a scenario stands on: a fleet repository on a Git server of its own and one device that follows it. Sites share nothing
// but the Engine, so tests that have one each may run side by side; a site goes with its containers.
import { join } from 'node:path';
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { containersOf } from './containers.ts';
import { converge } from './converge.ts';
import { type Device, type DeviceOptions, makeDevice } from './device.ts';
import { cleanup, engineSocket } from './engine.ts';
import { type Fleet, makeFleet } from './fleet.ts';
import { temporaryFolder, uniqueId } from './machine.ts';

/** Paths below the device's folder; null removes. */
export type Files = Readonly<Record<string, string | null>>;

export interface Site extends AsyncDisposable {
  /** Of the device, and of its one app unless its files say otherwise. */
  readonly id: string;
  readonly folder: string;
  readonly fleet: Fleet;
  readonly device: Device;
  /** Commits files of the device; returns the commit id. */
  commit(files: Files): Promise<string>;
  /** Commits them, and one command brings the device there. */
  declare(files: Files): Promise<void>;
  /** The device's containers by name. */
  containers(): Promise<ReadonlyMap<string, ContainerInspect>>;
}

export async function makeSite(options: Partial<Omit<DeviceOptions, 'url' | 'folder'>> = {}): Promise<Site> {
  const { id = uniqueId(), socket = engineSocket() } = options;
  const folder = await temporaryFolder();
  const fleet = await makeFleet(folder.path);
  const device = await makeDevice({ ...options, id, socket, url: fleet.url, folder: join(folder.path, id) });
  const commit = (files: Files) =>
    fleet.commit(Object.fromEntries(Object.entries(files).map(([path, text]) => [`devices/${id}/${path}`, text])));
  return {
    id,
    folder: folder.path,
    fleet,
    device,
    commit,
    async declare(files) {
      await commit(files);
      await converge(device);
    },
    containers: () => containersOf(id, { socket }),
    async [Symbol.asyncDispose]() {
      await cleanup(id, { socket });
      await fleet.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
