// A bundle file: goes through its pack once and remembers where each object is, and reads objects when they are asked
// for. What it holds in memory follows the number of objects (about 40 bytes each), not their size.
import { HoldfastError } from '../../../fleet/error.ts';
import { bytesAfter } from '../pack/bytes.ts';
import type { PackLimits } from '../pack/limits.ts';
import { createRemembered, type PackPlaces, readObjectAt } from '../pack/read-object.ts';
import { type External, resolvePack } from '../pack/resolve.ts';
import { type PackGiven, scanPack } from '../pack/scan.ts';
import type { ObjectType } from '../upstream.ts';
import { BUNDLE_FACTOR, type BundleHead, parseBundleHead } from './bundle-head.ts';
import type { OpenFile } from './files.ts';
import { checked, type LocalStore, peel } from './store.ts';

/** A fleet of 10,000 devices has 40,000 in one commit. */
const MOST_OBJECTS = 1_000_000;
/** Times `maxBytes`, of all its objects unpacked: they pass through memory one after the other. */
const UNPACKED_FACTOR = 64;
const ID_BYTES = 20;
const SHOWN_PREREQUISITES = 3;

interface BundleIndex {
  /** Place of the entry among all; null: not in this bundle. */
  position(oid: string): number | null;
  readonly offsets: Float64Array;
  readonly types: readonly ObjectType[];
}

export interface BundleOptions {
  readonly shown: string;
  readonly maxBytes: number;
  readonly limits: PackLimits;
  readonly external: External;
}

/** Takes over the file. Throws what `parseBundleHead` and `scanPack` throw. */
export async function openBundle(file: OpenFile, options: BundleOptions, signal: AbortSignal): Promise<LocalStore> {
  const { shown, maxBytes, external } = options;
  const head = await parseBundleHead(file, shown, signal);
  if (file.length > maxBytes * BUNDLE_FACTOR)
    throw new HoldfastError(
      'GitContentRefused',
      `The bundle ${shown} has ${file.length} bytes, and one may have ${maxBytes * BUNDLE_FACTOR}. Make a smaller one, or raise limits.source_bytes.`,
    );
  const limits = { ...options.limits, objects: MOST_OBJECTS, totalBytes: maxBytes * UNPACKED_FACTOR };
  const pack = { what: `The bundle ${shown}`, bytes: bytesAfter(file, head.length), limits };
  const index = await indexPack({ ...pack, signal }, external, head.prerequisites.length > 0);
  const find = async (oid: string): Promise<number | null> => {
    const position = index.position(oid);
    return position === null ? null : (index.offsets[position] ?? null);
  };
  const places: PackPlaces = { find, external, remembered: createRemembered() };

  const store: LocalStore = {
    way: 'bundle',
    boundary: new Set(),
    async refs(prefixes, inner) {
      const wanted = head.refs.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
      const refs = [];
      for (const { name, oid } of wanted) refs.push({ name, oid, peeled: await peel(store, oid, inner) });
      return refs;
    },
    async read(oid, inner) {
      inner.throwIfAborted();
      const offset = await find(oid);
      if (offset === null) return null;
      const { type, bytes } = await readObjectAt({ ...pack, signal: inner }, places, offset);
      return checked(shown, oid, type, bytes);
    },
    async typeOf(oid) {
      const position = index.position(oid);
      return position === null ? null : (index.types[position] ?? null);
    },
    held: external,
    incremental: head.prerequisites.length > 0,
    missing: (oid) => missing(shown, head, external, oid),
    close: () => file.close(),
  };
  return store;
}

/**
 * `incremental`: its deltas may be ones of objects that an earlier bundle brought. A device holds its own part of those
 * only, so what builds on other parts cannot be known, and is left out.
 */
async function indexPack(given: PackGiven, external: External, incremental: boolean): Promise<BundleIndex> {
  const table = await scanPack(given);
  const { count, offsets } = table;
  const ids = Buffer.alloc(count * ID_BYTES);
  const types = new Array<ObjectType>(count).fill('blob');
  const orphans = incremental ? 'skip' : 'refuse';
  let resolved = 0;
  const order = new Uint32Array(count);
  await resolvePack({ ...given, table, external, orphans }, async ({ oid, type }, index) => {
    ids.write(oid, index * ID_BYTES, 'hex');
    types[index] = type;
    order[resolved++] = index;
  });
  const idAt = (index: number): Buffer => ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES);
  order
    .subarray(0, resolved)
    .sort((one, other) =>
      ids.compare(ids, other * ID_BYTES, (other + 1) * ID_BYTES, one * ID_BYTES, (one + 1) * ID_BYTES),
    );
  return { offsets, types, position };

  function position(oid: string): number | null {
    const wanted = Buffer.from(oid, 'hex');
    let low = 0;
    let high = resolved - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const index = order[middle] ?? 0;
      const compared = wanted.compare(idAt(index));
      if (compared === 0) return index;
      if (compared < 0) high = middle - 1;
      else low = middle + 1;
    }
    return null;
  }
}

async function missing(shown: string, head: BundleHead, external: External, oid: string): Promise<HoldfastError> {
  const lacking: string[] = [];
  for (const each of head.prerequisites)
    if (lacking.length < SHOWN_PREREQUISITES && (await external(each)) === null) lacking.push(each);
  if (head.prerequisites.length === 0)
    return new HoldfastError('GitRefNotFound', `${shown} does not hold Git object ${oid}. Check source.ref.`);
  const builds = lacking.length > 0 ? lacking : head.prerequisites.slice(0, SHOWN_PREREQUISITES);
  return new HoldfastError(
    'GitContentRefused',
    `${shown} does not hold Git object ${oid}: it needs an earlier bundle, one that brings commit ${builds.join(', ')}. Hand that one in first, or make one without a starting commit.`,
  );
}
