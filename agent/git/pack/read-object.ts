// One object out of a pack by the place of its entry, as an index names it: follows its deltas to the object that they
// begin from. Reads only what it needs, judges declared sizes first, and remembers a few bases.
import type { ObjectType } from '../upstream.ts';
import type { Entry } from './entry.ts';
import { damagedPack, judgeDelta, judgeSize, refusedPack } from './limits.ts';
import { createPace } from './pace.ts';
import { applyJudged, type External, inflateEntry } from './resolve.ts';
import { type PackGiven, readEntry } from './scan.ts';

/** Its id was not checked. */
export interface PackedObject {
  readonly type: ObjectType;
  readonly bytes: Uint8Array;
}

export interface PackPlaces {
  /** Where the entry with this id is; null: not in this pack. */
  find(oid: string): Promise<number | null>;
  readonly external: External;
  readonly remembered: Remembered;
}

/** The base of an object: another one, or a chain of deltas that ends there. */
interface Chain {
  readonly root: PackedObject | (Entry & { kind: 'object' });
  /** The one that is applied last comes first. */
  readonly deltas: readonly Entry[];
}

/** Throws `GitUnreachable` for what is broken, `GitContentRefused` for what declares too much. */
export async function readObjectAt(given: PackGiven, places: PackPlaces, offset: number): Promise<PackedObject> {
  const { what, limits, signal } = given;
  const pace = createPace(signal);
  const { root, deltas } = await chainOf(given, places, offset);
  let made: PackedObject;
  if ('kind' in root) {
    judgeSize(what, root.type, root.size, limits);
    made = { type: root.type, bytes: await inflateEntry(given, root) };
    places.remembered.add(root.offset, made);
  } else made = root;
  for (const entry of deltas.toReversed()) {
    judgeDelta(what, entry.size, limits);
    made = { type: made.type, bytes: applyJudged(given, entry, made, await inflateEntry(given, entry)) };
    places.remembered.add(entry.offset, made);
    await pace(made.bytes.length);
  }
  return made;
}

/** Without making it. */
export async function typeAt(given: PackGiven, places: PackPlaces, offset: number): Promise<ObjectType> {
  return (await chainOf(given, places, offset)).root.type;
}

async function chainOf(given: PackGiven, places: PackPlaces, offset: number): Promise<Chain> {
  const { what, limits } = given;
  const deltas: Entry[] = [];
  // A chain that leads back to itself is a long one too.
  for (let at = offset; deltas.length <= limits.deltaDepth; ) {
    const known = places.remembered.get(at);
    if (known !== null) return { root: known, deltas };
    const entry = await readEntry(given, at);
    if (entry.kind === 'object') return { root: entry, deltas };
    deltas.push(entry);
    const next = entry.kind === 'near-delta' ? entry.base : await places.find(entry.base);
    if (next !== null) {
      at = next;
      continue;
    }
    const held = entry.kind === 'named-delta' ? await places.external(entry.base) : null;
    if (held === null)
      throw damagedPack(what, `the delta at ${entry.offset} is one of an object that it does not hold`);
    return { root: held, deltas };
  }
  throw refusedPack(what, `has a chain of more than ${limits.deltaDepth} deltas, the most that one may have.`);
}

const REMEMBERED_BYTES = 8 * 1024 * 1024;
const REMEMBERED_OBJECT_BYTES = 2 * 1024 * 1024;
/** What remembering costs besides the bytes: without it, millions of empty objects would be free. */
const ENTRY_BYTES = 256;

/** Objects by the place of their entry; the one that was not asked for longest goes first. */
export interface Remembered {
  get(offset: number): PackedObject | null;
  add(offset: number, object: PackedObject): void;
}

export function createRemembered(): Remembered {
  const objects = new Map<number, PackedObject>();
  let bytes = 0;
  return {
    get(offset) {
      const found = objects.get(offset);
      if (found === undefined) return null;
      objects.delete(offset);
      objects.set(offset, found);
      return found;
    },
    add(offset, object) {
      if (objects.has(offset) || object.bytes.length > REMEMBERED_OBJECT_BYTES) return;
      objects.set(offset, object);
      bytes += object.bytes.length + ENTRY_BYTES;
      for (const [oldest, { bytes: gone }] of objects) {
        if (bytes <= REMEMBERED_BYTES) return;
        objects.delete(oldest);
        bytes -= gone.length + ENTRY_BYTES;
      }
    },
  };
}
