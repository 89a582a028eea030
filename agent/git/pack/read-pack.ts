// Decodes a whole pack that is held in memory. Everything is judged by its declared size first; what comes out has ids
// that were computed from the bytes. Memory: the pack, a table of its entries, and the objects of one chain of deltas.
import type { Keep } from '../upstream.ts';
import { bytesOf } from './bytes.ts';
import { DELTA_DEPTH, META_BYTES, type PackLimits, TREE_BYTES } from './limits.ts';
import { type External, type Orphans, resolvePack } from './resolve.ts';
import { scanPack } from './scan.ts';

/** The longest history that is followed, 100,000 commits, with a tree for each. */
const MOST_OBJECTS = 200_000;
/** One answer to a request for whole folders: twice the files that a device may have. */
export const WHOLE_OBJECTS = 20_000;
const WHAT = 'The pack';

/** `maxBytes`: of all objects together, and so of one blob. `objects`: entries of the pack. */
export function PACK_LIMITS(maxBytes: number, objects = MOST_OBJECTS): PackLimits {
  return {
    objects,
    totalBytes: maxBytes,
    metaBytes: META_BYTES,
    treeBytes: TREE_BYTES,
    blobBytes: maxBytes,
    deltaDepth: DELTA_DEPTH,
  };
}

/**
 * Gives every object of the pack to `keep`, bases before their deltas. `external` is asked for bases that the pack names
 * and does not hold. Throws `GitContentRefused` when it declares more than the limits allow, and `GitUnreachable` when it
 * was cut or is malformed; then objects may have been kept already, each of them whole.
 */
export async function readPack(
  pack: Buffer,
  limits: PackLimits,
  keep: Keep,
  signal: AbortSignal,
  external: External = async () => null,
  orphans: Orphans = 'refuse',
): Promise<void> {
  const given = { what: WHAT, bytes: bytesOf(pack), limits, signal };
  const table = await scanPack(given);
  await resolvePack({ ...given, table, external, orphans }, keep);
}
