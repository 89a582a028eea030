// The folder that secrets lie in: in memory wherever the host has a place for that, and its owner's alone. Containers get
// single files out of it, so nobody has to be able to enter it.
import { mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { USUAL_RUNTIME_DIR } from '../../fleet/config/agent.ts';
import { HoldfastError } from '../../fleet/error.ts';
import { kindAt } from './confined.ts';
import { ensureOwn } from './own-folder.ts';

/** statfs(2): tmpfs, ramfs. */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

/** Below what hosts keep in memory, the usual place first. */
const PLACES = [USUAL_RUNTIME_DIR, '/dev/shm/holdfast'] as const;

/** Is the folder, or the one that it would be made in, on a file system that is gone without power? */
export async function isInMemory(folder: string): Promise<boolean> {
  const parent = dirname(folder);
  if (parent !== folder && (await kindAt(folder)) !== 'folder') return await isInMemory(parent);
  return IN_MEMORY.includes((await statfs(folder)).type);
}

/** The usual place, or where that is on a disk another one that is in memory. */
export async function runtimeDirHere(): Promise<string> {
  for (const place of PLACES) if (await isInMemory(place)) return place;
  return PLACES[0];
}

/** Makes the folder if it is absent. Throws `StateUnavailable` when others could put something in its place. */
export async function ensureSecretsFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await kindAt(folder)) !== 'folder') {
    throw new HoldfastError('StateUnavailable', `${folder} is not a folder of its own: remove what is there.`);
  }
  await ensureOwn(folder);
}
