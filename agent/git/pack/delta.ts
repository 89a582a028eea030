// Deltas: an object as pieces of another one and bytes of its own. The size of what comes out is declared at the
// beginning and is judged by the caller before `applyDelta` makes it. Pure. Source: gitformat-pack (deltified objects).
import { readNumber } from './entry.ts';

export interface DeltaHead {
  readonly baseSize: number;
  readonly resultSize: number;
  /** Where the instructions begin. */
  readonly next: number;
}

/** null: malformed. The first 14 bytes are enough. */
export function readDeltaHead(delta: Uint8Array): DeltaHead | null {
  const base = readNumber(delta, 0);
  const result = base === null ? null : readNumber(delta, base.next);
  if (base === null || result === null) return null;
  return { baseSize: base.value, resultSize: result.value, next: result.next };
}

/** null: the delta is not one of this base, points outside it, or makes more or less than it declares. */
export function applyDelta(base: Uint8Array, delta: Uint8Array): Buffer | null {
  const head = readDeltaHead(delta);
  if (head === null || head.baseSize !== base.length) return null;
  const result = Buffer.allocUnsafe(head.resultSize);
  let filled = 0;
  let at = head.next;
  while (at < delta.length) {
    const code = delta[at++] ?? 0;
    const copies = (code & 0x80) !== 0;
    let start = at;
    let length = code;
    if (copies) ({ start, length, next: at } = readCopy(delta, code, at));
    else at += length;
    const source = copies ? base : delta;
    // Zero is reserved; and past the end of a source, or of the instructions themselves, there is nothing to take.
    if (length === 0 || start + length > source.length || at > delta.length) return null;
    if (filled + length > result.length) return null;
    result.set(source.subarray(start, start + length), filled);
    filled += length;
  }
  return filled === result.length ? result : null;
}

/** Four bits say which bytes of the offset follow, three which bytes of the length; what does not follow is zero. */
function readCopy(delta: Uint8Array, code: number, from: number): { start: number; length: number; next: number } {
  let next = from;
  let start = 0;
  let length = 0;
  for (let bit = 0; bit < 4; bit++) if ((code & (1 << bit)) !== 0) start += (delta[next++] ?? 0) * 2 ** (8 * bit);
  for (let bit = 0; bit < 3; bit++) if ((code & (16 << bit)) !== 0) length += (delta[next++] ?? 0) * 2 ** (8 * bit);
  return { start, length: length === 0 ? 0x10000 : length, next };
}
