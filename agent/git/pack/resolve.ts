// The second way through a pack: makes its objects, each after the one that it is a delta of, and computes their ids.
// Holds what the deltas still to be made need and nothing else; of several deltas of one base, the one with most behind
// it comes last, so that its base can be forgotten: at most log2(entries) bases are held where offsets name them.
import { idOf } from '../object.ts';
import type { ObjectType, RawObject } from '../upstream.ts';
import { applyDelta, readDeltaHead } from './delta.ts';
import type { Entry } from './entry.ts';
import { inflateAt } from './inflate.ts';
import { damagedPack, judgeSize, refusedPack } from './limits.ts';
import { createPace } from './pace.ts';
import { type PackGiven, type PackTable, readEntry } from './scan.ts';

/** An object that a delta names and the pack does not hold; null: nobody has it. */
export type External = (oid: string) => Promise<RawObject | null>;

/** What becomes of deltas whose base nobody has: the pack is refused for them (the rule), or they are left out. */
export type Orphans = 'refuse' | 'skip';

interface Next {
  readonly index: number;
  readonly base: Made | null;
  readonly depth: number;
}

interface Made {
  readonly type: ObjectType;
  readonly bytes: Uint8Array;
}

/** Gives every object to `visit` with the number of its entry. Throws as the scan does. */
export async function resolvePack(
  given: PackGiven & { readonly table: PackTable; readonly external: External; readonly orphans?: Orphans },
  visit: (object: RawObject, index: number) => Promise<void>,
): Promise<void> {
  const { what, table, limits, signal } = given;
  const { count, bases } = table;
  const named = new Map(table.named);
  const waiting = new Set([...named.values()].flat());
  const { weights, first, following } = childrenOf(table);
  const pace = createPace(signal);

  for (let index = 0; index < count; index++)
    if ((bases[index] ?? -1) < 0 && !waiting.has(index)) await follow([{ index, base: null, depth: 0 }]);
  for (const oid of [...named.keys()]) {
    // One that was found outside may have led to this one meanwhile.
    if (!named.has(oid)) continue;
    const base = await given.external(oid);
    if (base !== null) await follow(deltasOf(-1, oid, base, 0));
  }
  if (given.orphans === 'skip') return;
  for (const oid of named.keys()) throw damagedPack(what, `a delta is one of ${oid}, which it does not hold`);

  /** Newest first: what is behind the last delta of a base is done before the next one. */
  async function follow(stack: Next[]): Promise<void> {
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const made = await make(given, next);
      const oid = idOf(made.type, made.bytes);
      await visit({ oid, ...made }, next.index);
      await pace(made.bytes.length);
      for (const delta of deltasOf(next.index, oid, made, next.depth)) stack.push(delta);
    }
  }

  function deltasOf(index: number, oid: string, base: Made, depth: number): Next[] {
    const found: number[] = named.get(oid) ?? [];
    named.delete(oid);
    for (let each = first[index] ?? -1; each >= 0; each = following[each] ?? -1) found.push(each);
    if (found.length > 0 && depth >= limits.deltaDepth)
      throw refusedPack(what, `has a chain of more than ${limits.deltaDepth} deltas, the most that one may have.`);
    found.sort((one, other) => (weights[other] ?? 0) - (weights[one] ?? 0));
    return found.map((each) => ({ index: each, base, depth: depth + 1 }));
  }
}

async function make(given: PackGiven & { readonly table: PackTable }, { index, base }: Next): Promise<Made> {
  const { what, table } = given;
  const entry = await readEntry(given, table.offsets[index] ?? 0);
  const bytes = table.inflated.get(index) ?? (await inflateEntry(given, entry));
  table.inflated.delete(index);
  if (base === null) {
    if (entry.kind === 'object') return { type: entry.type, bytes };
    throw damagedPack(what, `the entry at ${entry.offset} changed while it was read`);
  }
  return { type: base.type, bytes: applyJudged(given, entry, base, bytes) };
}

/** The caller has judged the size of the entry. */
export async function inflateEntry({ what, bytes, signal }: PackGiven, entry: Entry): Promise<Buffer> {
  const found = await inflateAt(bytes, entry.data, entry.size, signal);
  if (found === null) throw damagedPack(what, `the entry at ${entry.offset} does not inflate to its size`);
  return found.bytes;
}

/** What the delta makes of the base, after a look at how much that is. */
export function applyJudged({ what, limits }: PackGiven, entry: Entry, base: Made, delta: Buffer): Buffer {
  const head = readDeltaHead(delta);
  if (head !== null) judgeSize(what, base.type, head.resultSize, limits);
  const result = applyDelta(base.bytes, delta);
  if (result === null) throw damagedPack(what, `the delta at ${entry.offset} does not fit its base`);
  return result;
}

/** Deltas of each entry as linked lists, and how many entries there are behind each. */
function childrenOf({ count, bases }: PackTable): {
  weights: Int32Array;
  first: Int32Array;
  following: Int32Array;
} {
  const weights = new Int32Array(count).fill(1);
  const first = new Int32Array(count).fill(-1);
  const following = new Int32Array(count).fill(-1);
  for (let index = count - 1; index >= 0; index--) {
    const base = bases[index] ?? -1;
    if (base < 0) continue;
    weights[base] = (weights[base] ?? 0) + (weights[index] ?? 0);
    following[index] = first[base] ?? -1;
    first[base] = index;
  }
  return { weights, first, following };
}
