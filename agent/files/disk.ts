// The few disk operations that the store is made of, each leaving nothing half done: files reach the disk before they get their
// name, and what the system refuses becomes a code. Must not know what it writes.
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import type { Access } from '../../fleet/model/mount.ts';
import { diskTrouble } from '../host/disk-trouble.ts';
import { codeOf } from './confined.ts';

/** Writes a new file with exactly this mode, and syncs it. The file must not exist. */
export async function writeNewFile(
  place: string,
  bytes: Uint8Array,
  mode: number,
  owner?: Pick<Access, 'uid' | 'gid'>,
): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  await withHandle(place, flags, async (handle) => {
    await handle.writeFile(bytes);
    if (owner !== undefined) await giveTo(handle, owner);
    await handle.chmod(mode);
    await handle.sync();
  });
}

/** Writes into a file that is there, whose mode and owner may change with it: whoever has it open sees the new bytes. */
export async function overwriteFile(
  place: string,
  bytes: Uint8Array,
  mode: number,
  owner?: Pick<Access, 'uid' | 'gid'>,
): Promise<void> {
  await withHandle(place, constants.O_WRONLY | constants.O_NOFOLLOW, async (handle) => {
    if (owner !== undefined) await giveTo(handle, owner);
    await handle.chmod(mode);
    for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
    await handle.truncate(bytes.length);
    await handle.sync();
  });
}

async function giveTo(handle: FileHandle, { uid, gid }: Pick<Access, 'uid' | 'gid'>): Promise<void> {
  const now = await handle.stat();
  if (now.uid === uid && now.gid === gid) return;
  try {
    await handle.chown(uid, gid);
  } catch (error) {
    const what = `Only root can give a file to the user ${uid} and the group ${gid}. Run the agent as root.`;
    throw new HoldfastError('StateUnavailable', what, { cause: error });
  }
}

/** Makes a folder that must not exist yet, readable by every user a container may run as. */
export async function makeNewFolder(place: string): Promise<void> {
  await mkdir(place);
  await withHandle(place, FOLDER, (handle) => handle.chmod(0o755));
}

/** A rename or a new name survives a power cut only once its folder is synced. */
export async function syncFolder(place: string): Promise<void> {
  await withHandle(place, FOLDER, (handle) => handle.sync());
}

/** Gives `fresh` the name `place`. What has the name now is set aside first, so that there is never a mixture, and then removed. */
export async function putInPlace(fresh: string, place: string, aside: string, replace: boolean): Promise<void> {
  if (replace) await rename(place, aside);
  await rename(fresh, place);
}

export async function removeQuietly(place: string): Promise<void> {
  try {
    await rm(place, { recursive: true, force: true });
  } catch {
    // Left for the sweep of the next start: the failure that led here is the one to report.
  }
}

/** Runs disk work and turns what the system refuses into `DiskPressure` or `StateUnavailable`. */
export async function onDisk<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    const advice = diskTrouble(error);
    if (advice !== null) {
      throw new HoldfastError('DiskPressure', `Cannot ${what}: ${messageOf(error)}. ${advice}`, { cause: error });
    }
    if (error instanceof HoldfastError || code === '' || code === 'ABORT_ERR') throw error;
    throw new HoldfastError(
      'StateUnavailable',
      `Cannot ${what}: ${messageOf(error)}. Check the state directory and its owner.`,
      { cause: error },
    );
  }
}

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

async function withHandle<T>(place: string, flags: number, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(place, flags, 0o600);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}
