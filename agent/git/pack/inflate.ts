// Inflates exactly as many bytes as were declared, from any place: what holds more or fewer is damaged, and no more
// than one byte beyond the declared size is ever made. Small data at once, large data in pieces.
import { createInflate, inflateSync } from 'node:zlib';
import type { Bytes } from './bytes.ts';

/** Up to here in one call, which is fifty times as fast; beyond it in pieces, so that nothing waits long. */
const AT_ONCE_BYTES = 128 * 1024;
const PIECE_BYTES = 64 * 1024;
/** As much of the data as a reader may want to look at before it takes all of it. */
const FIRST_BYTES = 32;

export interface Inflated {
  readonly bytes: Buffer;
  /** Where the deflated data ended. */
  readonly end: number;
}

/** null: not deflate data, cut, or not of this size. The caller has judged `size`. */
export async function inflateAt(from: Bytes, at: number, size: number, signal: AbortSignal): Promise<Inflated | null> {
  const small = await atOnce(from, at, size);
  if (small !== null) return small;
  const bytes = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  const end = await inPieces(from, at, size, signal, (piece) => {
    filled += piece.copy(bytes, filled);
  });
  return end === null ? null : { bytes, end };
}

/** Finds the end of the data and gives its beginning; what lies between is not kept, unless it is small anyway. */
export async function skipAt(from: Bytes, at: number, size: number, signal: AbortSignal): Promise<Inflated | null> {
  const small = await atOnce(from, at, size);
  if (small !== null) return small;
  const bytes = Buffer.alloc(Math.min(size, FIRST_BYTES));
  let filled = 0;
  const end = await inPieces(from, at, size, signal, (piece) => {
    if (filled < bytes.length) filled += piece.copy(bytes, filled);
  });
  return end === null ? null : { bytes, end };
}

async function atOnce(from: Bytes, at: number, size: number): Promise<Inflated | null> {
  if (size > AT_ONCE_BYTES) return null;
  // What deflate usually makes at most. Data that is wrapped worse than this goes the long way.
  const raw = await from.read(at, size + (size >>> 8) + 64);
  const found = inflateWhole(raw, size);
  return found === null ? null : { bytes: found.bytes, end: at + found.used };
}

/** `used`: how many bytes of `raw` the data took. null: as above. */
export function inflateWhole(raw: Uint8Array, size: number): { bytes: Buffer; used: number } | null {
  try {
    // `info` makes Node return the engine too, which knows how much of the input it used; the typings do not say so.
    const answer: unknown = inflateSync(raw, {
      info: true,
      maxOutputLength: Math.max(1, size),
      chunkSize: Math.max(64, size + 1),
    });
    const { buffer, engine } = answer as { buffer: Buffer; engine: { bytesWritten: number } };
    return buffer.length === size ? { bytes: buffer, used: engine.bytesWritten } : null;
  } catch {
    // Not deflate data, cut, or more of it than declared.
    return null;
  }
}

async function inPieces(
  from: Bytes,
  at: number,
  size: number,
  signal: AbortSignal,
  take: (piece: Buffer) => void,
): Promise<number | null> {
  const engine = createInflate({ chunkSize: PIECE_BYTES });
  let failure: unknown = null;
  // Ends when the engine takes no more, and then it is waited for by nobody.
  feed().catch((error: unknown) => {
    failure = error;
    engine.destroy(new Error('not readable', { cause: error }));
  });
  let made = 0;
  try {
    for await (const piece of engine) {
      signal.throwIfAborted();
      if (!Buffer.isBuffer(piece)) return null;
      made += piece.length;
      if (made > size) return null;
      take(piece);
    }
  } catch (error) {
    if (signal.aborted || failure !== null) throw signal.aborted ? error : failure;
    // Not deflate data, or cut.
    return null;
  }
  return made === size ? at + engine.bytesWritten : null;

  async function feed(): Promise<void> {
    for (let next = at; next < from.length; ) {
      const piece = await from.read(next, PIECE_BYTES);
      next += piece.length;
      if (piece.length === 0 || engine.destroyed) break;
      await new Promise<void>((resolve) => engine.write(piece, () => resolve()));
    }
    engine.end();
  }
}
