// Bytes that are read by position, so that a pack in memory and a pack in a file are decoded by the same code.
// Knows nothing of what they mean.

export interface Bytes {
  readonly length: number;
  /** Fewer than `length` bytes only where all of them end. */
  read(at: number, length: number): Promise<Buffer>;
}

export function bytesOf(buffer: Buffer): Bytes {
  return { length: buffer.length, read: async (at, length) => buffer.subarray(at, at + length) };
}

/** What follows after the first `from` bytes. */
export function bytesAfter(bytes: Bytes, from: number): Bytes {
  return { length: Math.max(0, bytes.length - from), read: (at, length) => bytes.read(from + at, length) };
}
