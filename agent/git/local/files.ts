// Reads files of this host by position, and says what the host's refusals mean. Regular files only: a pipe or a device
// would be waited for without end.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { HoldfastError } from '../../../fleet/error.ts';
import { codeOf } from '../../files/confined.ts';
import type { Bytes } from '../pack/bytes.ts';

/** What is read at once: little after a jump, and twice as much each time where the reads follow each other. */
const WINDOW_BYTES = 2 * 1024;
const MOST_WINDOW_BYTES = 128 * 1024;

export interface OpenFile extends Bytes {
  close(): Promise<void>;
}

/** null: there is no such file, or it is not a regular one. Throws as `localError` says. */
export async function openFile(path: string): Promise<OpenFile | null> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (found.isFile()) return windowed(handle, found.size, path);
    await handle.close();
    return null;
  } catch (error) {
    await handle?.close().catch(() => undefined);
    if (isAbsent(error)) return null;
    throw localError(path, error);
  }
}

/** The whole file; null: there is none. Throws `GitContentRefused` beyond `maxBytes`. */
export async function readSmall(path: string, maxBytes: number): Promise<Buffer | null> {
  const file = await openFile(path);
  if (file === null) return null;
  try {
    if (file.length > maxBytes)
      throw new HoldfastError(
        'GitContentRefused',
        `${path} has ${file.length} bytes, and such a file may have ${maxBytes}.`,
      );
    return await file.read(0, file.length);
  } finally {
    await file.close();
  }
}

export async function readText(path: string, maxBytes: number): Promise<string | null> {
  return (await readSmall(path, maxBytes))?.toString('utf8') ?? null;
}

/** What the host refused, as our own error; anything else as it is. */
export function localError(path: string, error: unknown): unknown {
  const code = codeOf(error);
  const options = { cause: error };
  if (code === 'EACCES' || code === 'EPERM')
    return new HoldfastError(
      'GitAuthentication',
      `${path} may not be read (${code}). Give the user of the agent the right to read it.`,
      options,
    );
  if (isAbsent(error)) return new HoldfastError('GitRefNotFound', `${path} does not exist. Check source.url.`, options);
  if (code === '') return error;
  return new HoldfastError('GitUnreachable', `${path} cannot be read (${code}). It is tried again.`, options);
}

export function isAbsent(error: unknown): boolean {
  return /^(ENOENT|ENOTDIR|ELOOP|ENAMETOOLONG|ENXIO)$/.test(codeOf(error));
}

function windowed(handle: FileHandle, length: number, path: string): OpenFile {
  let window: Buffer = Buffer.alloc(0);
  let from = 0;
  let ahead = WINDOW_BYTES;
  return {
    length,
    async read(at, wanted) {
      const end = Math.min(at + wanted, length);
      if (end <= at) return Buffer.alloc(0);
      if (at < from || end > from + window.length) {
        // Whoever goes on where the last read ended will go on further.
        const follows = at >= from && at <= from + window.length;
        ahead = follows ? Math.min(ahead * 2, MOST_WINDOW_BYTES) : WINDOW_BYTES;
        window = await readFrom(at, Math.min(Math.max(end - at, ahead), length - at));
        from = at;
      }
      return window.subarray(at - from, end - from);
    },
    close: () => handle.close(),
  };

  async function readFrom(at: number, wanted: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(wanted);
    try {
      const { bytesRead } = await handle.read(buffer, 0, wanted, at);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw localError(path, error);
    }
  }
}
