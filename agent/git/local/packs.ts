// The packs of one `objects` folder: looked up through their indexes, read entry by entry. Holds files open, so that a
// pack which is replaced meanwhile (git gc) can be read to the end; new ones are looked for when an object is not found.
import { readdir } from 'node:fs/promises';
import { HoldfastError } from '../../../fleet/error.ts';
import { PACK_HEAD_BYTES, PACK_TAIL_BYTES } from '../pack/entry.ts';
import { damagedPack, type PackLimits } from '../pack/limits.ts';
import { createRemembered, type PackedObject, type PackPlaces, readObjectAt, typeAt } from '../pack/read-object.ts';
import { type PackGiven, readPackHead } from '../pack/scan.ts';
import type { ObjectType } from '../upstream.ts';
import { isAbsent, localError, type OpenFile, openFile } from './files.ts';
import { type PackIndex, readPackIndex } from './pack-index.ts';

/** Each holds two files open. */
const MOST_PACKS = 1000;
/** Of one pack: bounds nothing that is held. */
const MOST_OBJECTS = 100_000_000;

export interface Packs {
  read(oid: string, signal: AbortSignal): Promise<PackedObject | null>;
  typeOf(oid: string, signal: AbortSignal): Promise<ObjectType | null>;
  close(): Promise<void>;
}

interface OpenPack {
  readonly path: string;
  readonly index: PackIndex;
  readonly bytes: OpenFile;
  readonly places: PackPlaces;
  readonly files: readonly OpenFile[];
}

/** `folder`: the `objects` folder. */
export function createPacks(folder: string, limits: PackLimits): Packs {
  const packs = new Map<string, OpenPack>();
  const limitsHere = { ...limits, objects: MOST_OBJECTS };

  return {
    read: (oid, signal) => locate(oid, signal, readObjectAt),
    typeOf: (oid, signal) => locate(oid, signal, typeAt),
    async close() {
      const files = [...packs.values()].flatMap((pack) => pack.files);
      packs.clear();
      for (const file of files) await file.close();
    },
  };

  async function locate<T>(
    oid: string,
    signal: AbortSignal,
    work: (given: PackGiven, places: PackPlaces, offset: number) => Promise<T>,
  ): Promise<T | null> {
    let looked = 0;
    do {
      for (const pack of packs.values()) {
        signal.throwIfAborted();
        const offset = await pack.index.find(oid);
        if (offset === null) continue;
        if (offset < PACK_HEAD_BYTES || offset >= pack.bytes.length - PACK_TAIL_BYTES)
          throw damagedPack(pack.path, `its index places ${oid} outside of it`);
        return await work({ what: pack.path, bytes: pack.bytes, limits: limitsHere, signal }, pack.places, offset);
      }
    } while (looked++ === 0 && (await openNew()));
    return null;
  }

  /** True when there is one more pack than before. */
  async function openNew(): Promise<boolean> {
    const before = packs.size;
    for (const name of await indexNames(folder)) {
      if (packs.has(name)) continue;
      if (packs.size >= MOST_PACKS)
        throw new HoldfastError(
          'GitContentRefused',
          `${folder} has more than ${MOST_PACKS} packs, the most that are read. Run "git gc" there.`,
        );
      const pack = await openPack(`${folder}/pack/${name}`);
      if (pack !== null) packs.set(name, pack);
    }
    return packs.size > before;
  }

  /** null: it went away meanwhile. */
  async function openPack(indexPath: string): Promise<OpenPack | null> {
    const path = indexPath.replace(/\.idx$/, '.pack');
    const file = await openFile(indexPath);
    const bytes = file === null ? null : await openFile(path);
    const files = [file, bytes].filter((each) => each !== null);
    try {
      if (file === null || bytes === null) {
        for (const each of files) await each.close();
        return null;
      }
      const index = await readPackIndex(file, indexPath);
      if ((await readPackHead({ what: path, bytes, limits: limitsHere })) !== index.count)
        throw damagedPack(path, 'its index is one of another pack');
      const places = { find: index.find, external: async () => null, remembered: createRemembered() };
      return { path, index, bytes, places, files };
    } catch (error) {
      for (const each of files) await each.close();
      throw error;
    }
  }
}

async function indexNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(`${folder}/pack`)).filter((name) => name.endsWith('.idx')).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw localError(`${folder}/pack`, error);
  }
}
