// The first way through a pack: checks its checksum, goes from entry to entry, judges every declared size before
// anything is inflated, and keeps a table of what is where. No object is made yet, and none of a refused pack ever is.
// Source: gitformat-pack.
import { createHash } from 'node:crypto';
import type { Bytes } from './bytes.ts';
import { readDeltaHead } from './delta.ts';
import { ENTRY_HEAD_BYTES, type Entry, PACK_HEAD_BYTES, PACK_TAIL_BYTES, parseEntry } from './entry.ts';
import { type Inflated, skipAt } from './inflate.ts';
import { damagedPack, judgeDelta, judgeSize, type PackLimits, refusedPack } from './limits.ts';
import { createPace, type Pace } from './pace.ts';

export interface PackGiven {
  /** For messages, as the beginning of a sentence: `The pack`. */
  readonly what: string;
  readonly bytes: Bytes;
  readonly limits: PackLimits;
  readonly signal: AbortSignal;
}

export interface PackTable {
  readonly count: number;
  /** Ascending. */
  readonly offsets: Float64Array;
  /** The entry that an entry is a delta of, always an earlier one; -1: none, or it is named by its id. */
  readonly bases: Int32Array;
  /** Entries by the id of what they are a delta of. */
  readonly named: Map<string, number[]>;
  /** What entries inflated to, as far as it is little: most packs are small, and are inflated once only. */
  readonly inflated: Map<number, Buffer>;
}

const HASH_PIECE_BYTES = 256 * 1024;
const INFLATED_BYTES = 8 * 1024 * 1024;
const INFLATED_ENTRIES = 4000;

/** Throws `GitUnreachable` for a broken pack, `GitContentRefused` for one that declares too much. */
export async function scanPack(given: PackGiven): Promise<PackTable> {
  const { what, bytes, signal } = given;
  const pace = createPace(signal);
  const count = await readPackHead(given);
  await checkSum(given, pace);
  const table: PackTable = {
    count,
    offsets: new Float64Array(count),
    bases: new Int32Array(count).fill(-1),
    named: new Map(),
    inflated: new Map(),
  };
  const end = bytes.length - PACK_TAIL_BYTES;
  let at = PACK_HEAD_BYTES;
  let total = 0;
  let kept = 0;
  for (let index = 0; index < count; index++) {
    const entry = await readEntry(given, at);
    judgeEntry(given, entry, total);
    const skipped = await skipAt(bytes, entry.data, entry.size, signal);
    if (skipped === null || skipped.end > end)
      throw damagedPack(what, `the entry at ${at} does not inflate to its size`);
    total += entry.kind === 'object' ? entry.size : judgeResult(given, entry, skipped, total);
    table.offsets[index] = at;
    note(given, table, index, entry);
    if (skipped.bytes.length === entry.size && kept + entry.size <= INFLATED_BYTES && index < INFLATED_ENTRIES) {
      kept += entry.size;
      table.inflated.set(index, skipped.bytes);
    }
    at = skipped.end;
    await pace(entry.size);
  }
  if (at !== end) throw damagedPack(what, `${end - at} bytes follow after its last entry`);
  return table;
}

export async function readEntry({ what, bytes }: PackGiven, offset: number): Promise<Entry> {
  const entry = parseEntry(await bytes.read(offset, ENTRY_HEAD_BYTES), offset);
  if (typeof entry === 'string') throw damagedPack(what, entry);
  return entry;
}

/** The number of entries that it declares. */
export async function readPackHead({ what, bytes, limits }: Omit<PackGiven, 'signal'>): Promise<number> {
  const head = await bytes.read(0, PACK_HEAD_BYTES);
  if (bytes.length < PACK_HEAD_BYTES + PACK_TAIL_BYTES || head.toString('latin1', 0, 4) !== 'PACK')
    throw damagedPack(what, 'it does not begin as a pack does');
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw damagedPack(what, `its version ${version} is unknown`);
  const count = head.readUInt32BE(8);
  if (count > limits.objects)
    throw refusedPack(what, `declares ${count} objects, and a pack may have ${limits.objects}.`);
  return count;
}

async function checkSum({ what, bytes }: PackGiven, pace: Pace): Promise<void> {
  const hash = createHash('sha1');
  const end = bytes.length - PACK_TAIL_BYTES;
  for (let at = 0; at < end; ) {
    const piece = await bytes.read(at, Math.min(HASH_PIECE_BYTES, end - at));
    if (piece.length === 0) throw damagedPack(what, 'it became shorter while it was read');
    hash.update(piece);
    at += piece.length;
    await pace(piece.length);
  }
  if (!hash.digest().equals(await bytes.read(end, PACK_TAIL_BYTES))) throw damagedPack(what, 'its checksum differs');
}

/** Before it is inflated. */
function judgeEntry({ what, limits }: PackGiven, entry: Entry, total: number): void {
  if (entry.kind === 'object') judgeSize(what, entry.type, entry.size, limits);
  else judgeDelta(what, entry.size, limits);
  judgeTotal(what, total + entry.size, limits);
}

/** What a delta costs: what it makes, or what it is where that is more. */
function judgeResult({ what, limits }: PackGiven, entry: Entry, { bytes }: Inflated, total: number): number {
  const head = readDeltaHead(bytes);
  if (head === null) throw damagedPack(what, `the delta at ${entry.offset} does not say what it makes`);
  judgeDelta(what, head.resultSize, limits);
  const cost = Math.max(entry.size, head.resultSize);
  judgeTotal(what, total + cost, limits);
  return cost;
}

function judgeTotal(what: string, total: number, limits: PackLimits): void {
  if (total > limits.totalBytes)
    throw refusedPack(
      what,
      `declares ${total} bytes and more in all, and together its objects may have ${limits.totalBytes} bytes. Make the repository smaller, or raise limits.source_bytes.`,
    );
}

function note({ what }: PackGiven, table: PackTable, index: number, entry: Entry): void {
  if (entry.kind === 'near-delta') {
    const base = indexOf(table.offsets, index, entry.base);
    if (base < 0) throw damagedPack(what, `the base of the delta at ${entry.offset} is no entry`);
    table.bases[index] = base;
  }
  if (entry.kind !== 'named-delta') return;
  const same = table.named.get(entry.base);
  if (same === undefined) table.named.set(entry.base, [index]);
  else same.push(index);
}

/** Among the first `count` offsets; -1: none of them. */
function indexOf(offsets: Float64Array, count: number, offset: number): number {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = offsets[middle] ?? 0;
    if (found === offset) return middle;
    if (found < offset) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
