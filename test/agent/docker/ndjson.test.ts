// The reader of the Engine's streams, against every way a stream can be cut.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LINE_BYTES, readNdjson } from '../../../agent/docker/ndjson.ts';

test('lines come out whole however the stream is cut', async () => {
  const values = fc.array(fc.record({ status: fc.string({ unit: 'grapheme' }), n: fc.integer() }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      values,
      fc.array(fc.nat(200), { maxLength: 10 }),
      fc.boolean(),
      async (lines, cuts, terminated) => {
        const text = lines.map((line) => JSON.stringify(line)).join('\n') + (terminated ? '\n' : '');
        expect(await collect(pieces(Buffer.from(text), cuts))).toEqual(lines);
      },
    ),
  );
});

test('a last line without its newline is a line', async () => {
  expect(await collect([Buffer.from('{"a":1}\n{"error":"late"}')])).toEqual([{ a: 1 }, { error: 'late' }]);
});

test('empty lines are skipped', async () => {
  expect(await collect([Buffer.from('\r\n{"a":1}\r\n\n')])).toEqual([{ a: 1 }]);
});

test('a line that is cut off in the middle is an error with a code', async () => {
  await expect(collect([Buffer.from('{"a":1}\n{"a":')])).rejects.toMatchObject({ code: 'DockerUnavailable' });
});

test('a line without end is refused before it fills the memory', async () => {
  const chunk = Buffer.alloc(LINE_BYTES / 4, 0x61);
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent += chunk.length;
      yield chunk;
    }
  }
  await expect(collect(endless())).rejects.toMatchObject({ code: 'DockerUnavailable' });
  expect(sent).toBeLessThanOrEqual(2 * LINE_BYTES);
});

async function collect(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<unknown[]> {
  const lines: unknown[] = [];
  for await (const line of readNdjson(toAsync(chunks))) lines.push(line);
  return lines;
}

async function* toAsync(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function pieces(bytes: Buffer, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set([0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}
