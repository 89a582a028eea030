// Writes a tar in memory: files, folders and symbolic links with short paths, always the same bytes for the same entries. Pure.

export interface TarEntry {
  /** Relative, 100 bytes at most. */
  readonly path: string;
  readonly bytes?: Buffer;
  readonly folder?: boolean;
  /** What a symbolic link points to. */
  readonly link?: string;
  readonly mode?: number;
}

const BLOCK = 512;

export function writeTar(entries: readonly TarEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    const bytes = entry.bytes ?? Buffer.alloc(0);
    parts.push(header(entry, bytes.length), bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** POSIX ustar. Owner and times are zero. */
function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const path = entry.folder === true ? `${entry.path}/` : entry.path;
  if (Buffer.byteLength(path) > 100) throw new Error(`The path is too long for this tar: ${path}`);
  const octal = (value: number, offset: number, width: number): void => {
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset);
  };
  block.write(path, 0);
  octal(entry.mode ?? (entry.folder === true ? 0o755 : 0o644), 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write('        ', 148);
  block.write(entry.folder === true ? '5' : entry.link === undefined ? '0' : '2', 156);
  block.write(entry.link ?? '', 157);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
