// Newline-delimited JSON out of a byte stream: objects split over chunks, several in one chunk, a last line without its newline.
// Must not trust its input: a line has a bound, and what is not JSON is an error, never a crash elsewhere.
import { HoldfastError } from '../../fleet/error.ts';

/** Longest line that is kept in memory. The Engine's own lines are a few hundred bytes. */
export const LINE_BYTES = 1024 * 1024;

/** Yields one parsed value per non-empty line. Throws `DockerUnavailable` for a line that is too long or not JSON. */
export async function* readNdjson(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, undefined> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, start)) {
      held.push(chunk.subarray(start, newline));
      start = newline + 1;
      const line = Buffer.concat(held);
      held = [];
      heldBytes = 0;
      if (!isBlank(line)) yield parseLine(line);
    }
    if (start === chunk.length) continue;
    held.push(chunk.subarray(start));
    heldBytes += chunk.length - start;
    if (heldBytes > LINE_BYTES) throw broken(`sent a line of more than ${LINE_BYTES} bytes`);
  }
  const last = Buffer.concat(held);
  if (!isBlank(last)) yield parseLine(last);
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch (cause) {
    throw broken(`sent a line that is not JSON: ${line.subarray(0, 80).toString('utf8')}`, cause);
  }
}

function broken(what: string, cause?: unknown): HoldfastError {
  return new HoldfastError('DockerUnavailable', `The Engine ${what}`, { cause });
}
