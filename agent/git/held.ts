// The commits that are held on disk: one bare repository per commit below `<state>/git/<commit>`. A folder of that
// name is whole by construction: it is filled beside, synced, and renamed. Never speaks to the network.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../fleet/error.ts';
import { diskTrouble } from '../host/disk-trouble.ts';

/** Besides those that the caller asks to keep. */
export const NEWEST_HELD = 2;
const COMMIT = /^[0-9a-f]{40}$/;
const INCOMING = /^incoming-/;

export interface Held {
  /** Newest use first. */
  list(): Promise<readonly string[]>;
  gitdir(commit: string): string;
  /** Fills a fresh folder and makes it the commit's own; a failure leaves nothing behind. */
  admit(commit: string, fill: (gitdir: string) => Promise<void>): Promise<void>;
  drop(commit: string): Promise<void>;
  /** Marks the commit as used and removes all but the newest and those of `keep`. */
  use(commit: string, keep: readonly string[]): Promise<void>;
}

/** Throws `StateUnavailable` or `DiskPressure` when the folder cannot be written. */
export function createHeld(folder: string): Held {
  const gitdir = (commit: string): string => join(folder, commit);
  const drop = async (commit: string): Promise<void> => rm(gitdir(commit), { recursive: true, force: true });
  return {
    gitdir,
    list: () => listByUse(folder),
    drop: (commit) => onDisk(folder, () => drop(commit)),
    async admit(commit, fill) {
      // A name of its own: an earlier filling that passed its deadline may still be writing somewhere.
      const incoming = join(folder, `incoming-${randomUUID()}`);
      try {
        await onDisk(folder, async () => {
          await removeIncoming(folder);
          await mkdir(incoming, { recursive: true, mode: 0o700 });
        });
        await fill(incoming);
        await onDisk(folder, async () => {
          await syncAll(incoming);
          await drop(commit);
          await rename(incoming, gitdir(commit));
          await syncPath(folder);
        });
      } catch (error) {
        // What could not be removed now is removed by the next `admit`; the first failure is the one to tell.
        await rm(incoming, { recursive: true, force: true }).catch(() => undefined);
        throw error;
      }
    },
    async use(commit, keep) {
      await onDisk(folder, async () => {
        const now = new Date();
        await utimes(gitdir(commit), now, now);
        const others = (await listByUse(folder)).filter((each) => each !== commit);
        for (const [index, other] of others.entries())
          if (index >= NEWEST_HELD - 1 && !keep.includes(other)) await drop(other);
      });
    },
  };
}

/** What a killed agent, or a filling that failed, may have left. */
async function removeIncoming(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [] as string[]);
  for (const name of names.filter((each) => INCOMING.test(each)))
    await rm(join(folder, name), { recursive: true, force: true });
}

async function listByUse(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const found: { name: string; usedMs: number }[] = [];
  for (const name of names.filter((each) => COMMIT.test(each))) {
    found.push({ name, usedMs: (await stat(join(folder, name))).mtimeMs });
  }
  return found.sort((a, b) => b.usedMs - a.usedMs).map((each) => each.name);
}

/** A power cut after the rename must not find empty files under the commit's name. */
async function syncAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncAll(path);
    else await syncPath(path);
  }
  await syncPath(folder);
}

async function syncPath(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(folder, error);
  }
}

/** A disk failure as our own error; anything else as it is. */
export function diskError(folder: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const advice = diskTrouble(error);
  if (advice !== null)
    return new HoldfastError('DiskPressure', `${folder} cannot be written (${code}). ${advice}`, { cause: error });
  if (/^(EACCES|EPERM|ENOTDIR|EMFILE)$/.test(code))
    return new HoldfastError('StateUnavailable', `${folder} cannot be written (${code}).`, { cause: error });
  return error;
}
