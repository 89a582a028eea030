// A repository or a bundle on this host as an upstream. Opened with the first request; what is read is checked against
// its id and bounded by its declared size before it is kept.
import { HoldfastError } from '../../../fleet/error.ts';
import { join, MAX_DEPTH, parseTree } from '../content/tree.ts';
import type { PackLimits } from '../pack/limits.ts';
import { PACK_LIMITS } from '../pack/read-pack.ts';
import type { External } from '../pack/resolve.ts';
import type { Keep, Upstream } from '../upstream.ts';
import { openBundle } from './bundle.ts';
import { openFile } from './files.ts';
import { bringHistory, lookUp } from './history.ts';
import { openRepository } from './repository.ts';
import { type LocalStore, OID } from './store.ts';

export interface LocalOptions {
  /** A bare repository, a working one, or a bundle file. */
  readonly path: string;
  /** For messages. */
  readonly shown: string;
  /** Bounds one object, and what one call brings. */
  readonly maxBytes: number;
  /** Objects that are held already: a bundle may build on them. */
  readonly external?: External;
}

/**
 * Its calls throw `GitRefNotFound` when there is nothing at the path, `GitAuthentication` when it may not be read,
 * `GitContentRefused` for what is too large or of a kind that is not read, `GitUnreachable` for what is damaged.
 */
export function createLocalUpstream(options: LocalOptions): Upstream {
  const { maxBytes } = options;
  let opening: Promise<LocalStore> | null = null;
  let way = 'local';

  return {
    get way() {
      return way;
    },
    refs: async (prefixes, signal) => await (await open(signal)).refs(prefixes, signal),
    history: async (wanted, keep, signal) => await bringHistory(await open(signal), wanted, keep, signal),
    async trees(oids, keep, signal) {
      const { bring } = createBringer(await open(signal), maxBytes, keep, signal);
      for (const oid of oids) await bring(oid);
    },
    async whole(oids, keep, signal) {
      const { bringWhole } = createBringer(await open(signal), maxBytes, keep, signal);
      for (const oid of oids) await bringWhole(oid, '', 0);
    },
    close() {
      const before = opening;
      opening = null;
      // What could not be opened holds nothing open.
      before?.then((store) => store.close()).catch(() => undefined);
    },
  };

  async function open(signal: AbortSignal): Promise<LocalStore> {
    signal.throwIfAborted();
    opening ??= openStore(options, signal);
    const mine = opening;
    try {
      const store = await mine;
      way = store.way;
      return store;
    } catch (error) {
      if (opening === mine) opening = null;
      throw error;
    }
  }
}

async function openStore(options: LocalOptions, signal: AbortSignal): Promise<LocalStore> {
  const { path, shown, maxBytes, external = async () => null } = options;
  const limits: PackLimits = PACK_LIMITS(maxBytes);
  const file = await openFile(path);
  if (file === null) return await openRepository(path, shown, limits);
  try {
    return await openBundle(file, { shown, maxBytes, limits, external }, signal);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** For one call. */
function createBringer(store: LocalStore, maxBytes: number, keep: Keep, signal: AbortSignal) {
  const seen = new Set<string>();
  let total = 0;
  return { bring, bringWhole };

  async function bring(oid: string): Promise<{ type: string; bytes: Uint8Array }> {
    if (!OID.test(oid)) throw new HoldfastError('GitContentRefused', `${oid.slice(0, 64)} is not a SHA-1 object id.`);
    const found = await lookUp(store, oid, signal);
    if (found === null) throw await store.missing(oid);
    total += found.object.bytes.length;
    if (total > maxBytes)
      throw new HoldfastError(
        'GitContentRefused',
        `What this device needs has more than ${maxBytes} bytes. Keep large files out of its folder, or raise limits.source_bytes.`,
      );
    if (found.fresh) await keep(found.object);
    return found.object;
  }

  async function bringWhole(oid: string, folder: string, depth: number): Promise<void> {
    if (seen.has(oid)) return;
    seen.add(oid);
    const { type, bytes } = await bring(oid);
    if (type !== 'tree') return;
    if (depth >= MAX_DEPTH)
      throw new HoldfastError('GitContentRefused', `${folder}: folders are nested deeper than ${MAX_DEPTH}.`);
    for (const entry of parseTree(bytes, folder))
      if (entry.kind !== 'submodule') await bringWhole(entry.oid, join(folder, entry.name), depth + 1);
  }
}
