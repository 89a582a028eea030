// The head of one pack entry: what it is, how many bytes it inflates to, what it is a delta of. Pure; judges no size.
// Source: gitformat-pack (object entries, size encoding, offset encoding).
import type { ObjectType } from '../upstream.ts';

/** As much as the longest head needs: two numbers, or a number and an id. */
export const ENTRY_HEAD_BYTES = 32;
/** The file's own head: `PACK`, version, number of entries. */
export const PACK_HEAD_BYTES = 12;
/** The checksum at the end. */
export const PACK_TAIL_BYTES = 20;

export type Entry = {
  readonly offset: number;
  /** Of what the entry inflates to: an object, or the delta itself. */
  readonly size: number;
  /** Where its deflated data begins. */
  readonly data: number;
} & (
  | { readonly kind: 'object'; readonly type: ObjectType }
  | { readonly kind: 'near-delta'; readonly base: number }
  | { readonly kind: 'named-delta'; readonly base: string }
);

const TYPES: readonly (ObjectType | null)[] = [null, 'commit', 'tree', 'blob', 'tag'];
const NEAR_DELTA = 6;
const NAMED_DELTA = 7;
/** Seven bits each: beyond 49 of them a number is no size of this world, and would not be exact. */
const MOST_DIGITS = 7;

/** `head`: the bytes at `offset`. A string says what is wrong. */
export function parseEntry(head: Buffer, offset: number): Entry | string {
  const first = head[0];
  if (first === undefined) return 'it ends in the middle of an entry';
  let size = first & 15;
  let at = 1;
  if ((first & 0x80) !== 0) {
    const rest = readNumber(head, 1);
    if (rest === null) return `the entry at ${offset} has no readable size`;
    size += rest.value * 16;
    at = rest.next;
  }
  const code = (first >> 4) & 7;
  const type = TYPES[code] ?? null;
  if (type !== null) return { kind: 'object', type, offset, size, data: offset + at };
  if (code === NEAR_DELTA) return nearDelta(head, at, offset, size);
  if (code !== NAMED_DELTA) return `the entry at ${offset} has the unknown type ${code}`;
  if (head.length < at + 20) return 'it ends in the middle of an entry';
  return { kind: 'named-delta', base: head.toString('hex', at, at + 20), offset, size, data: offset + at + 20 };
}

/** A little-endian base-128 number; multiplied, not shifted, since sizes pass 32 bits. */
export function readNumber(bytes: Uint8Array, start: number): { value: number; next: number } | null {
  let value = 0;
  let factor = 1;
  for (let at = start; at < start + MOST_DIGITS; at++) {
    const byte = bytes[at];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if ((byte & 0x80) === 0) return { value, next: at + 1 };
  }
  return null;
}

/** The distance back to the base is big-endian, and every further digit counts from one. */
function nearDelta(head: Buffer, start: number, offset: number, size: number): Entry | string {
  let distance = -1;
  for (let at = start; at < start + MOST_DIGITS; at++) {
    const byte = head[at];
    if (byte === undefined) return 'it ends in the middle of an entry';
    distance = (distance + 1) * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    const base = offset - distance;
    if (distance === 0 || base < PACK_HEAD_BYTES) return `the delta at ${offset} has no base within the pack`;
    return { kind: 'near-delta', base, offset, size, data: offset + at + 1 };
  }
  return `the delta at ${offset} has no base within the pack`;
}
