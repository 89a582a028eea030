// A pack's `.idx` file, version 2: where in the pack is the object with an id? Reads the few bytes that answer that.
// Trusts nothing of it: an offset is only a place to look, and what is found there is checked by its id.
// Source: gitformat-pack (pack-*.idx files).
import { HoldfastError } from '../../../fleet/error.ts';
import { damagedPack } from '../pack/limits.ts';
import type { OpenFile } from './files.ts';

export interface PackIndex {
  readonly count: number;
  /** The offset of the entry; null: this pack does not hold it. */
  find(oid: string): Promise<number | null>;
}

const HEAD_BYTES = 8;
const FAN_BYTES = 256 * 4;
const ID_BYTES = 20;
/** Ids that are read at once: of a pack with half a million objects, those with the same first byte. */
const AT_ONCE_IDS = 2048;
const FAR = 0x80000000;

/** Throws `GitContentRefused` for another version, `GitUnreachable` when it is damaged. */
export async function readPackIndex(file: OpenFile, path: string): Promise<PackIndex> {
  const head = await file.read(0, HEAD_BYTES + FAN_BYTES);
  if (head.length < HEAD_BYTES + FAN_BYTES || head.readUInt32BE(0) !== 0xff744f63 || head.readUInt32BE(4) !== 2)
    throw new HoldfastError(
      'GitContentRefused',
      `${path} is no pack index of version 2, the only one that is read. Run "git repack -a -d" there.`,
    );
  const fan = Uint32Array.from({ length: 256 }, (_, byte) => head.readUInt32BE(HEAD_BYTES + byte * 4));
  const count = fan[255] ?? 0;
  const ids = HEAD_BYTES + FAN_BYTES;
  const offsets = ids + count * (ID_BYTES + 4);
  const farOffsets = offsets + count * 4;
  if (fan.some((most, byte) => byte > 0 && most < (fan[byte - 1] ?? 0)) || file.length < farOffsets + 2 * ID_BYTES)
    throw damagedPack(path, 'its tables do not fit the file');
  return { count, find };

  async function find(oid: string): Promise<number | null> {
    const wanted = Buffer.from(oid, 'hex');
    const byte = wanted[0] ?? 0;
    let low = byte === 0 ? 0 : (fan[byte - 1] ?? 0);
    let high = fan[byte] ?? 0;
    while (high - low > AT_ONCE_IDS) {
      const middle = (low + high) >>> 1;
      const order = wanted.compare(await idAt(middle));
      if (order === 0) return await offsetAt(middle);
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    const some = await file.read(ids + low * ID_BYTES, (high - low) * ID_BYTES);
    for (let at = 0; at + ID_BYTES <= some.length; at += ID_BYTES)
      if (wanted.equals(some.subarray(at, at + ID_BYTES))) return await offsetAt(low + at / ID_BYTES);
    return null;
  }

  async function idAt(position: number): Promise<Buffer> {
    return await file.read(ids + position * ID_BYTES, ID_BYTES);
  }

  async function offsetAt(position: number): Promise<number> {
    const near = await file.read(offsets + position * 4, 4);
    const value = near.length < 4 ? FAR : near.readUInt32BE(0);
    if (value < FAR) return value;
    const far = farOffsets + (value - FAR) * 8;
    const raw = await file.read(far, 8);
    if (raw.length < 8 || far + 8 > file.length - 2 * ID_BYTES) throw damagedPack(path, 'an offset lies outside of it');
    return Number(raw.readBigUInt64BE(0));
  }
}
