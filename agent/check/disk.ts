// Is there room for the state, and can it be written? Makes one small file and removes it at once.
import { randomBytes } from 'node:crypto';
import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, isMissing } from '../files/confined.ts';
import { diskTrouble } from '../host/disk-trouble.ts';
import type { Finding } from './check.ts';
import { combine, type Part } from './run-checks.ts';

const MB = 1_000_000;
const LITTLE_BYTES = 500 * MB;
const TOO_LITTLE_BYTES = 50 * MB;
const LITTLE_SHARE = 0.1;
/** Images and content are many small files. */
const TOO_FEW_INODES = 1000;

/** As `statfs` says it. */
export interface Room {
  readonly bsize: number;
  readonly blocks: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

export interface DiskGiven {
  readonly stateDir: string;
  /** For tests. */
  readonly room?: (folder: string) => Promise<Room>;
}

export async function checkDisk({ stateDir, room = statfs }: DiskGiven): Promise<Finding> {
  const folder = await nearest(stateDir);
  if (folder === null) {
    const message = `state_dir ${stateDir} is not a folder, or lies below something that is none`;
    return combine('disk', [
      { verdict: 'failed', message, remedy: 'Name another state_dir, or remove what is there.' },
    ]);
  }
  const where = folder === stateDir ? stateDir : `${folder} (${stateDir} is not made yet)`;
  const unwritable = await tryWriting(folder, where);
  return combine('disk', [...unwritable, judgeRoom(where, await room(folder))]);
}

/** The folder, or the parent that it would be made in. */
async function nearest(folder: string): Promise<string | null> {
  try {
    return (await stat(folder)).isDirectory() ? folder : null;
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return null;
    // Whether one may look into it, writing will tell.
    if (!isMissing(error)) return folder;
    return await nearest(dirname(folder));
  }
}

async function tryWriting(folder: string, where: string): Promise<readonly Part[]> {
  const file = join(folder, `.check-${randomBytes(8).toString('hex')}`);
  try {
    await using handle = await open(file, 'wx', 0o600);
    await handle.write('holdfast');
    await handle.sync();
    return [];
  } catch (error) {
    const remedy =
      diskTrouble(error) ?? `Run as the user that the agent runs as (mostly root), and check the owner of ${folder}.`;
    const why = codeOf(error) === '' ? String(error) : codeOf(error);
    return [{ verdict: 'failed', message: `${where} cannot be written (${why})`, remedy }];
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

function judgeRoom(where: string, { bsize, blocks, bavail, files, ffree }: Room): Part {
  const freeBytes = bavail * bsize;
  const share = blocks === 0 ? 1 : bavail / blocks;
  // File systems without a fixed number of inodes say 0.
  const inodeShare = files === 0 ? 1 : ffree / files;
  const inodes = files === 0 ? '' : `, ${percent(inodeShare)} of the inodes`;
  const message = `${where} has ${size(freeBytes)} free (${percent(share)})${inodes}`;
  const failed = freeBytes < TOO_LITTLE_BYTES || (files > 0 && ffree < TOO_FEW_INODES);
  const little = freeBytes < LITTLE_BYTES || share < LITTLE_SHARE || inodeShare < LITTLE_SHARE;
  if (!failed && !little) return { verdict: 'ok', message, remedy: null };
  const remedy = 'Free space: logs, old files, and images that nothing uses (docker image prune).';
  return { verdict: failed ? 'failed' : 'warning', message, remedy };
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

function size(bytes: number): string {
  return bytes >= 1000 * MB ? `${(bytes / (1000 * MB)).toFixed(1)} GB` : `${Math.floor(bytes / MB)} MB`;
}
