// One loose object: `<type> <size>\0<bytes>`, deflated. Never inflates beyond what the head declares.
// Source: gitformat-loose, gitrepository-layout.
import { promisify } from 'node:util';
import { constants, deflate, inflateSync } from 'node:zlib';
import { isObjectType } from '../object.ts';
import type { ObjectType } from '../upstream.ts';

const HEAD = /^(commit|tree|blob|tag) (0|[1-9]\d{0,14})\0/;
const HEAD_BYTES = 32;
/** Enough of a blob to tell what it is. */
const FIRST_BYTES = 256;
/** As much of the file holds that and the head: deflate makes nothing much longer. */
export const BEGINNING_BYTES = 1024;

const compress = promisify(deflate);

export async function deflateObject(type: ObjectType, bytes: Uint8Array): Promise<Buffer> {
  // Speed over size: the content is on a device for its own use, and a slow device has better to do.
  return await compress(Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes]), { level: 1 });
}

/** null: damaged, or larger than `maxBytes`. */
export function inflateObject(raw: Uint8Array, maxBytes: number): { type: ObjectType; bytes: Buffer } | null {
  const head = readLooseHead(raw);
  if (head === null || head.size > maxBytes) return null;
  const length = head.length + head.size;
  try {
    const whole = inflateSync(raw, { maxOutputLength: length });
    return whole.length === length ? { type: head.type, bytes: whole.subarray(head.length) } : null;
  } catch {
    // Not deflate data, or more of it than declared.
    return null;
  }
}

/** `raw`: the file's first `BEGINNING_BYTES`. null: damaged. */
export function inflateHead(raw: Uint8Array): { size: number; first: Buffer } | null {
  const head = readLooseHead(raw);
  if (head === null) return null;
  return { size: head.size, first: beginning(raw).subarray(head.length, head.length + FIRST_BYTES) };
}

/** `raw`: the file's beginning. null: it is no loose object. */
export function readLooseHead(raw: Uint8Array): { type: ObjectType; size: number; length: number } | null {
  const [whole, type, size] = HEAD.exec(beginning(raw).toString('latin1', 0, HEAD_BYTES)) ?? [];
  if (whole === undefined || !isObjectType(type) || size === undefined) return null;
  return { type, size: Number(size), length: whole.length };
}

/** What the file's first bytes inflate to: at most a thousand times as much. */
function beginning(raw: Uint8Array): Buffer {
  try {
    return inflateSync(raw.subarray(0, BEGINNING_BYTES), { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 4096 });
  } catch {
    return Buffer.alloc(0);
  }
}
