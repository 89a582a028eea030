// Is there room on this host's disks for what is to be pulled? A disk that cannot be asked, as that of an Engine elsewhere, has
// room. Judged by what stays free: an Engine whose disk is full can neither start nor stop a container.
import { statfs } from 'node:fs/promises';
import { HoldfastError } from '../../fleet/error.ts';
import { formatBytes } from '../../fleet/units.ts';
import { withDeadline } from '../docker/deadline.ts';

export interface Room {
  readonly folder: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What is written to a disk, and what has to stay free on it. */
export interface Demand {
  readonly needBytes: number;
  /** null: a share of the disk. */
  readonly reserveBytes: number | null;
}

export interface Lack extends Room {
  readonly needBytes: number;
  readonly reserveBytes: number;
}

const MiB = 1024 * 1024;
const RESERVE_SHARE = 0.05;
const LEAST_RESERVE = 512 * MiB;
const MOST_RESERVE = 4096 * MiB;
const ASK_MS = 3_000;

/** null: it cannot be asked. */
export async function roomOf(folder: string, signal: AbortSignal): Promise<Room | null> {
  try {
    const what = `look at the disk of ${folder}`;
    const { bsize, blocks, bavail } = await withDeadline({ what, ms: ASK_MS, signal }, () => statfs(folder));
    return { folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** null: there is room. */
export function lackOf(room: Room, { needBytes, reserveBytes }: Demand): Lack | null {
  const reserve = reserveBytes ?? reserveFor(room.totalBytes);
  return room.freeBytes - needBytes < reserve ? { ...room, needBytes, reserveBytes: reserve } : null;
}

/** 5 % of the disk, 512 MiB at least and 4 GiB at most. */
export function reserveFor(totalBytes: number): number {
  return Math.min(MOST_RESERVE, Math.max(LEAST_RESERVE, Math.floor(totalBytes * RESERVE_SHARE)));
}

/**
 * Registries tell the compressed size. The Engine writes that, and unpacks it: images of programs grow about 2.7-fold, and what
 * does not compress, not at all.
 */
export function diskNeed(pullBytes: number): number {
  return Math.ceil(pullBytes * (1 + UNPACKED));
}

const UNPACKED = 2.7;

export function diskPressure({ folder, freeBytes, needBytes, reserveBytes }: Lack, pulls: number): HoldfastError {
  const images = pulls === 1 ? 'an image' : `${pulls} images`;
  const need = needBytes > 0 ? `about ${formatBytes(needBytes)}` : 'room that is not known';
  return new HoldfastError(
    'DiskPressure',
    `No room for ${images} that have to be pulled: they need ${need}, ${folder} has ${formatBytes(freeBytes)} free, and ${formatBytes(reserveBytes)} are kept free (limits.disk_reserve). What runs goes on running. Free space on the host ("docker system df" shows what the Engine holds), or lower limits.disk_reserve.`,
  );
}
