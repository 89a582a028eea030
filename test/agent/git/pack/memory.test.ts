import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDeflate } from 'node:zlib';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { scratch } from '../repository.ts';
import { back, copy, delta, entry, insert, makePack, number, stored, TYPE } from './make-pack.ts';

const MIB = 1024 * 1024;
const MOST_RSS_BYTES = 150 * MIB;
/** For a pack that is taken and goes to its limits: V8 collects what was used late. */
const TAKEN_RSS_BYTES = 300 * MIB;
const MEASURE = fileURLToPath(new URL('measure-pack.ts', import.meta.url));
const RESULT = z.object({ objects: z.number(), problem: z.string().nullable(), rssBytes: z.number() });

async function measure(pack: Buffer): Promise<z.infer<typeof RESULT>> {
  const file = join(scratch(), 'bomb.pack');
  writeFileSync(file, pack);
  const child = spawn(process.execPath, [MEASURE, file], { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
  const said: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => said.push(piece));
  await once(child, 'close');
  return RESULT.parse(JSON.parse(Buffer.concat(said).toString()));
}

/** Without ever holding them. */
async function deflatedZeros(mebibytes: number): Promise<Buffer> {
  const engine = createDeflate({ level: 9 });
  const pieces: Buffer[] = [];
  engine.on('data', (piece: Buffer) => pieces.push(piece));
  const zeros = Buffer.alloc(MIB);
  for (let at = 0; at < mebibytes; at++) await new Promise((resolve) => engine.write(zeros, resolve));
  engine.end();
  await once(engine, 'end');
  return Buffer.concat(pieces);
}

const zeros = async (mebibytes: number): Promise<Buffer> =>
  entry(TYPE.blob, Buffer.alloc(0), { size: mebibytes * MIB, raw: await deflatedZeros(mebibytes) });

it('a blob of 400 MB in 390 KB is refused by its declared size', async () => {
  const pack = makePack([await zeros(400)]);
  expect(pack.length).toBeLessThan(420 * 1024);
  const { objects, problem, rssBytes } = await measure(pack);
  expect(problem).toContain(`a blob of ${400 * MIB} bytes`);
  expect(objects).toBe(0);
  expect(rssBytes).toBeLessThan(MOST_RSS_BYTES);
});

it('a hundred blobs of 60 MB are refused by what they declare together', async () => {
  const one = await zeros(60);
  const { objects, problem, rssBytes } = await measure(makePack(Array.from({ length: 100 }, () => one)));
  expect(problem).toContain(`declares ${120 * MIB} bytes`);
  expect(objects).toBe(0);
  expect(rssBytes).toBeLessThan(MOST_RSS_BYTES);
});

it('a blob that declares little and inflates to 400 MB is damaged', async () => {
  const lie = entry(TYPE.blob, Buffer.alloc(0), { size: 300_000, raw: await deflatedZeros(400) });
  const { problem, rssBytes } = await measure(makePack([lie]));
  expect(problem).toContain('does not inflate to its size');
  expect(rssBytes).toBeLessThan(MOST_RSS_BYTES);
});

it('deltas that copy a little into very much are refused, together and alone', async () => {
  const base = entry(TYPE.blob, Buffer.alloc(MIB));
  const grow = (times: number, distance: number): Buffer =>
    entry(TYPE.near, delta(MIB, times * MIB, ...Array.from({ length: times }, () => copy(0, MIB))), {
      base: back(distance),
    });
  const alone = await measure(makePack([base, grow(4000, base.length)]));
  expect(alone.problem).toContain(`an object of ${4000 * MIB} bytes`);
  const entries = [base];
  let distance = base.length;
  for (let at = 0; at < 100; at++) {
    const next = grow(50, distance);
    entries.push(next);
    distance += next.length;
  }
  const together = await measure(makePack(entries));
  expect(together.problem).toContain(`declares ${101 * MIB} bytes`);
  for (const { objects, rssBytes } of [alone, together]) {
    expect(objects).toBe(0);
    expect(rssBytes).toBeLessThan(MOST_RSS_BYTES);
  }
});

it('300,000 tiny entries are refused by their number, and as many as allowed stay bounded', async () => {
  const some = Array.from({ length: 190_000 }, (_, at) => entry(TYPE.blob, number(at), { raw: stored(number(at)) }));
  const tooMany = await measure(makePack(some, 300_000));
  expect(tooMany.problem).toContain('declares 300000 objects');
  const allowed = await measure(makePack(some));
  expect(allowed).toMatchObject({ objects: 190_000, problem: null });
  expect(tooMany.rssBytes).toBeLessThan(MOST_RSS_BYTES);
  expect(allowed.rssBytes).toBeLessThan(TAKEN_RSS_BYTES);
});

it('a chain of 3,900 deltas over large objects is taken within bounds', async () => {
  const entries = [entry(TYPE.blob, Buffer.alloc(15_000))];
  for (let at = 0; at < 4000; at++) {
    const size = 15_000 + at;
    const grown = delta(size, size + 1, copy(0, size), insert('x'));
    entries.push(entry(TYPE.near, grown, { base: back(entries[at]?.length ?? 0), raw: stored(grown) }));
  }
  const { objects, problem, rssBytes } = await measure(makePack(entries.slice(0, 3900)));
  expect({ objects, problem }).toEqual({ objects: 3900, problem: null });
  expect(rssBytes).toBeLessThan(TAKEN_RSS_BYTES);
});
