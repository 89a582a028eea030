// Judges a pack by what its own headers declare, before the library unpacks it: a small pack can declare gigabytes.
// Inflates one object at a time, never beyond its declared size. Pure. Source: gitformat-pack.
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';

export interface PackLimits {
  /** Bytes of one unpacked object. */
  readonly objectBytes: number;
  /** Bytes of all unpacked objects together. */
  readonly totalBytes: number;
  readonly objects: number;
}

const OFS_DELTA = 6;
const REF_DELTA = 7;

/** What is wrong with the pack as a clause for people, or null when it is whole and within the limits. */
export function packProblem(pack: Buffer, limits: PackLimits): string | null {
  if (pack.length < 32 || pack.toString('latin1', 0, 4) !== 'PACK') return 'the transfer holds no pack, or was cut';
  const sum = createHash('sha1').update(pack.subarray(0, -20)).digest();
  if (!sum.equals(pack.subarray(-20))) return 'the pack was cut or damaged on the way (its checksum differs)';
  const objects = pack.readUInt32BE(8);
  if (objects > limits.objects) return `it has ${objects} objects, more than ${limits.objects}`;
  let at = 12;
  let total = 0;
  for (let index = 0; index < objects; index++) {
    const entry = readEntry(pack, at, limits.objectBytes);
    if (typeof entry === 'string') return entry;
    total += entry.size;
    if (total > limits.totalBytes) return `unpacked it has more than ${limits.totalBytes} bytes`;
    at = entry.end;
  }
  return null;
}

/** Size after unpacking (for a delta: of its result too) and where the next entry begins. */
function readEntry(pack: Buffer, start: number, cap: number): { size: number; end: number } | string {
  const broken = 'the pack is malformed';
  const head = readHeader(pack, start);
  if (head === null) return broken;
  let at = head.next;
  if (head.type === OFS_DELTA) while (((pack[at++] ?? 0) & 0x80) !== 0 && at < pack.length);
  if (head.type === REF_DELTA) at += 20;
  if (head.size > cap) return `one of its objects has ${head.size} bytes, more than ${cap}`;
  const inflated = inflate(pack.subarray(at), head.size);
  if (inflated === null) return broken;
  const end = at + inflated.consumed;
  if (head.type !== OFS_DELTA && head.type !== REF_DELTA) return { size: head.size, end };
  const base = readSize(inflated.bytes, 0);
  const result = readSize(inflated.bytes, base.next);
  if (result.size > cap) return `one of its objects has ${result.size} bytes, more than ${cap}`;
  return { size: head.size + result.size, end };
}

function readHeader(pack: Buffer, start: number): { type: number; size: number; next: number } | null {
  const first = pack[start];
  if (first === undefined) return null;
  if ((first & 0x80) === 0) return { type: (first >> 4) & 7, size: first & 15, next: start + 1 };
  const rest = readSize(pack, start + 1);
  return { type: (first >> 4) & 7, size: (first & 15) + rest.size * 16, next: rest.next };
}

/** A little-endian base-128 number; multiplied, not shifted, since sizes pass 32 bits. */
function readSize(bytes: Buffer, start: number): { size: number; next: number } {
  let size = 0;
  let factor = 1;
  let at = start;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    size += (byte & 0x7f) * factor;
    factor *= 128;
    if ((byte & 0x80) === 0) break;
  }
  return { size, next: at + 1 };
}

function inflate(bytes: Buffer, size: number): { bytes: Buffer; consumed: number } | null {
  try {
    // `info` makes Node return the engine too, which knows how much of the input it used; the typings do not say so.
    const limits = { maxOutputLength: Math.max(1, size), chunkSize: Math.min(Math.max(64, size + 1), 64 * 1024) };
    const answer: unknown = inflateSync(bytes, { info: true, ...limits });
    const { buffer, engine } = answer as { buffer: Buffer; engine: { bytesWritten: number } };
    return buffer.length === size ? { bytes: buffer, consumed: engine.bytesWritten } : null;
  } catch {
    // Not deflate data, or more of it than declared.
    return null;
  }
}
