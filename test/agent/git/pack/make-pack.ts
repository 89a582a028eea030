// Packs made by hand, as no Git would make them.
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

export const TYPE = { commit: 1, tree: 2, blob: 3, tag: 4, near: 6, named: 7 } as const;

export function makePack(entries: readonly Buffer[], count = entries.length): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  head.writeUInt32BE(count, 8);
  return seal(Buffer.concat([head, ...entries]));
}

/** With a checksum that fits. */
export function seal(body: Buffer): Buffer {
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

/** `size`: what the entry declares, true or not. */
export function entry(
  type: number,
  content: Buffer,
  given: { size?: number; base?: Buffer; raw?: Buffer } = {},
): Buffer {
  const { size = content.length, base = Buffer.alloc(0), raw = deflateSync(content, { level: 9 }) } = given;
  let rest = Math.floor(size / 16);
  const head = [(type << 4) | (size % 16) | (rest > 0 ? 0x80 : 0)];
  while (rest > 0) {
    head.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  }
  return Buffer.concat([Buffer.from(head), base, raw]);
}

/** Deflate data that is not compressed: made without an engine, which for 100,000s of entries costs gigabytes. */
export function stored(content: Buffer): Buffer {
  let [low, high] = [1, 0];
  for (const byte of content) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  const raw = Buffer.alloc(7);
  raw.set([0x78, 0x01, 0x01]);
  raw.writeUInt16LE(content.length, 3);
  raw.writeUInt16LE(content.length ^ 0xffff, 5);
  return Buffer.concat([raw, content, Buffer.from([high >> 8, high & 255, low >> 8, low & 255])]);
}

export function number(value: number): Buffer {
  const digits: number[] = [];
  let rest = value;
  do {
    digits.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(digits);
}

/** The way back from a delta to its base. */
export function back(distance: number): Buffer {
  const digits = [distance % 128];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--;
    digits.unshift((rest % 128) | 0x80);
  }
  return Buffer.from(digits);
}

export function delta(baseSize: number, resultSize: number, ...instructions: readonly Buffer[]): Buffer {
  return Buffer.concat([number(baseSize), number(resultSize), ...instructions]);
}

export function copy(start: number, length: number): Buffer {
  const raw = Buffer.alloc(8);
  raw[0] = 0xff;
  raw.writeUInt32LE(start, 1);
  raw.writeUIntLE(length, 5, 3);
  return raw;
}

export function insert(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

export function idOfBlob(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
