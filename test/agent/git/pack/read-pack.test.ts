import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACK_LIMITS, readPack } from '../../../../agent/git/pack/read-pack.ts';
import type { External } from '../../../../agent/git/pack/resolve.ts';
import type { RawObject } from '../../../../agent/git/upstream.ts';
import { HoldfastError } from '../../../../fleet/error.ts';
import { never, scratch } from '../repository.ts';
import { back, copy, delta, entry, idOfBlob, insert, makePack, number, seal, TYPE } from './make-pack.ts';
import { allObjects, gitObjects, makeRandom, packOf, run, seeded } from './random-repository.ts';

const MIB = 1024 * 1024;
const LIMITS = PACK_LIMITS(64 * MIB);
const NEVER_EXTERNAL: External = async () => null;

async function decode(pack: Buffer, limits = LIMITS, external = NEVER_EXTERNAL): Promise<RawObject[]> {
  const objects: RawObject[] = [];
  await readPack(pack, limits, async (object) => void objects.push(object), never, external);
  return objects;
}

async function problem(pack: Buffer, limits = LIMITS): Promise<string> {
  try {
    await decode(pack, limits);
  } catch (error) {
    if (error instanceof HoldfastError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('against Git', () => {
  it.each([
    ['deltas that name their base by its distance', ['--delta-base-offset', '--depth=50']],
    ['deltas that name their base by its id', ['--depth=50']],
    ['long chains', ['--delta-base-offset', '--depth=400', '--window=50', '--no-reuse-delta']],
    ['no deltas', ['--window=0', '--no-reuse-delta']],
  ])('a pack with %s decodes into the objects that Git has', async (_, options) => {
    const folder = join(scratch(), 'random.git');
    makeRandom(folder, 7, 300);
    const wanted = gitObjects(folder);
    const found = await decode(packOf(folder, options));
    expect(wanted.size).toBeGreaterThan(1500);
    expect(found.length).toBe(wanted.size);
    for (const { oid, type, bytes } of found) {
      expect(wanted.get(oid)?.type).toBe(type);
      expect(wanted.get(oid)?.bytes.equals(bytes)).toBe(true);
    }
  });

  it('large objects, and deltas of large objects, decode too', async () => {
    const folder = join(scratch(), 'large.git');
    run('/', ['init', '--quiet', '--bare', folder]);
    const random = seeded(3);
    const large = Buffer.from(Array.from({ length: MIB }, () => Math.floor(random() * 256)));
    const oids = [large, Buffer.concat([large, Buffer.from('end')]), Buffer.alloc(3 * MIB)].map((content) =>
      run(folder, ['hash-object', '-w', '--stdin'], content).toString().trim(),
    );
    const found = await decode(packOf(folder, ['--delta-base-offset'], oids));
    expect(found.map(({ oid }) => oid).toSorted()).toEqual(oids.toSorted());
  });

  it('a thin pack decodes with the bases from outside, and is damaged without them', async () => {
    const folder = join(scratch(), 'thin.git');
    makeRandom(folder, 11, 60);
    const wanted = gitObjects(folder);
    const thin = run(folder, ['pack-objects', '--stdout', '-q', '--thin', '--revs'], 'main\n^main~5\n');
    const asked: string[] = [];
    const found = await decode(thin, LIMITS, async (oid) => {
      asked.push(oid);
      const held = wanted.get(oid);
      return held?.type === 'blob' || held?.type === 'tree' ? { oid, type: held.type, bytes: held.bytes } : null;
    });
    expect(asked.length).toBeGreaterThan(0);
    expect(found.length).toBeGreaterThan(10);
    for (const { oid, bytes } of found) expect(wanted.get(oid)?.bytes.equals(bytes)).toBe(true);
    expect(await problem(thin)).toMatch(/^GitUnreachable The pack was cut or is malformed: a delta is one of /);
  });

  it('2,000 damaged packs give a clean error or objects of the repository', async () => {
    const folder = join(scratch(), 'damaged.git');
    makeRandom(folder, 5, 12);
    const known = new Set(allObjects(folder));
    const packs = [packOf(folder, ['--delta-base-offset']), packOf(folder, [])];
    const random = seeded(99);
    let accepted = 0;
    for (let round = 0; round < 2000; round++) {
      const good = packs[round % 2] ?? Buffer.alloc(0);
      const body = Buffer.from(good.subarray(0, -20));
      const place = Math.floor(random() * body.length);
      body[place] = (body[place] ?? 0) ^ (1 << Math.floor(random() * 8));
      const cut = round % 4 === 3;
      // Most get a checksum that fits: otherwise nothing but the checksum would be tested.
      const bad =
        round % 10 === 0 ? Buffer.concat([body, good.subarray(-20)]) : seal(cut ? body.subarray(0, place) : body);
      const found: RawObject[] = [];
      try {
        await readPack(bad, LIMITS, async (object) => void found.push(object), never);
        accepted++;
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError);
        continue;
      }
      // A flipped bit may leave a pack whole, with another object in it: then Git unpacks the same.
      if (found.every(({ oid }) => known.has(oid))) continue;
      const fresh = join(scratch(), 'fresh.git');
      run('/', ['init', '--quiet', '--bare', fresh]);
      run(fresh, ['unpack-objects', '-q'], bad);
      expect(allObjects(fresh)).toEqual([...new Set(found.map(({ oid }) => oid))].toSorted());
    }
    expect(accepted).toBeLessThan(200);
  });
});

describe('a pack made by hand', () => {
  const base = Buffer.from('hello world, hello edge');
  const baseEntry = entry(TYPE.blob, base);
  const near = (raw: Buffer, distance = baseEntry.length): Buffer => entry(TYPE.near, raw, { base: back(distance) });
  const withDelta = (...parts: Parameters<typeof delta>): Buffer => makePack([baseEntry, near(delta(...parts))]);

  it('decodes when it is whole', async () => {
    const named = entry(TYPE.named, delta(base.length, 5, copy(6, 5)), { base: Buffer.from(idOfBlob(base), 'hex') });
    const found = await decode(makePack([named, baseEntry, near(delta(base.length, 6, copy(0, 5), insert('!')))]));
    expect(found.map(({ bytes }) => Buffer.from(bytes).toString()).toSorted()).toEqual([
      'hello world, hello edge',
      'hello!',
      'world',
    ]);
    expect(await decode(makePack([]))).toEqual([]);
    expect((await decode(makePack([entry(TYPE.blob, Buffer.alloc(0))])))[0]?.oid).toBe(
      'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391',
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'does not begin'],
    ['no pack', seal(Buffer.alloc(40)), 'does not begin'],
    ['another version', seal(Buffer.from('PACK\0\0\0\x04\0\0\0\0', 'latin1')), 'version 4'],
    ['another checksum', Buffer.concat([makePack([baseEntry]).subarray(0, -1), Buffer.from([1])]), 'checksum'],
    ['fewer entries than declared', makePack([baseEntry], 2), 'malformed'],
    ['more entries than declared', makePack([baseEntry, baseEntry], 1), 'bytes follow'],
    ['bytes after the last entry', makePack([baseEntry, Buffer.from('xx')], 1), '2 bytes follow'],
    ['type 0', makePack([entry(0, base)]), 'unknown type 0'],
    ['type 5', makePack([entry(5, base)]), 'unknown type 5'],
    ['a size without end', makePack([Buffer.alloc(40, 0xff)]), 'no readable size'],
    ['bad deflate data', makePack([entry(TYPE.blob, base, { raw: Buffer.alloc(30, 7) })]), 'does not inflate'],
    ['less than declared', makePack([entry(TYPE.blob, base, { size: base.length + 1 })]), 'does not inflate'],
    ['more than declared', makePack([entry(TYPE.blob, base, { size: base.length - 1 })]), 'does not inflate'],
    [
      'more than a large declared size',
      makePack([entry(TYPE.blob, Buffer.alloc(MIB), { size: MIB - 1 })]),
      'does not inflate',
    ],
    [
      'less than a large declared size',
      makePack([entry(TYPE.blob, Buffer.alloc(MIB), { size: MIB + 1 })]),
      'does not inflate',
    ],
    ['something declared as nothing', makePack([entry(TYPE.blob, base, { size: 0 })]), 'does not inflate'],
    ['a delta of itself', makePack([baseEntry, near(delta(base.length, 1, copy(0, 1)), 0)]), 'no base within'],
    ['a base before the start', makePack([baseEntry, near(delta(base.length, 1, copy(0, 1)), 5000)]), 'no base within'],
    ['a base within an entry', makePack([baseEntry, near(delta(base.length, 1, copy(0, 1)), 3)]), 'is no entry'],
    ['a copy beyond the base', withDelta(base.length, 10, copy(20, 10)), 'does not fit'],
    ['a copy from far outside', withDelta(base.length, 10, copy(0xfffffff0, 10)), 'does not fit'],
    ['an insertion beyond the delta', withDelta(base.length, 9, Buffer.from([9, 65])), 'does not fit'],
    ['the reserved instruction', withDelta(base.length, 1, Buffer.from([0])), 'does not fit'],
    ['another size of the base', withDelta(base.length + 1, 1, copy(0, 1)), 'does not fit'],
    ['a result larger than declared', withDelta(base.length, 1, copy(0, 2)), 'does not fit'],
    ['a result smaller than declared', withDelta(base.length, 3, copy(0, 2)), 'does not fit'],
    ['a delta without a head', makePack([baseEntry, near(Buffer.alloc(0))]), 'does not say'],
    [
      'a base that is not there',
      makePack([entry(TYPE.named, delta(1, 1, insert('x')), { base: Buffer.alloc(20, 9) })]),
      'does not hold',
    ],
  ])('with %s is damaged', async (_, pack, said) => {
    const found = await problem(pack);
    expect(found).toMatch(/^GitUnreachable The pack was cut or is malformed: /);
    expect(found).toContain(said);
  });

  it('two deltas of each other are damaged, not endless', async () => {
    const one = entry(TYPE.named, delta(5, 5, copy(0, 5)), { base: Buffer.alloc(20, 1) });
    const other = entry(TYPE.named, delta(5, 5, copy(0, 5)), { base: Buffer.alloc(20, 2) });
    expect(await problem(makePack([one, other]))).toContain('does not hold');
  });

  it('refusals name the limit and what was declared', async () => {
    const small = { ...LIMITS, objects: 3, totalBytes: 60, metaBytes: 30, treeBytes: 40, blobBytes: 50, deltaDepth: 2 };
    const of = (type: number, size: number): Buffer => makePack([entry(type, Buffer.alloc(size))]);
    expect(await problem(of(TYPE.commit, 31), small)).toMatch(/^GitContentRefused .*a commit of 31 bytes.* 30 bytes/);
    expect(await problem(of(TYPE.tag, 31), small)).toMatch(/^GitContentRefused .*a tag of 31 bytes.* 30 bytes/);
    expect(await problem(of(TYPE.tree, 41), small)).toMatch(/^GitContentRefused .*a tree of 41 bytes.* 40 bytes/);
    expect(await problem(of(TYPE.blob, 51), small)).toMatch(/^GitContentRefused .*a blob of 51 bytes.* 50 bytes/);
    expect(await problem(of(TYPE.blob, 50), small)).toBe('accepted');
    const blob = (fill: number): Buffer => entry(TYPE.blob, Buffer.alloc(31, fill));
    expect(await problem(makePack([blob(1), blob(2)]), small)).toMatch(
      /^GitContentRefused .*declares 62 bytes.* 60 bytes/,
    );
    expect(await problem(makePack([]), small)).toBe('accepted');
    expect(await problem(makePack([], 4), small)).toMatch(/^GitContentRefused .*declares 4 objects.* 3\./);
  });

  it('a delta is judged as the type that it makes, before it is made', async () => {
    const tree = entry(TYPE.tree, Buffer.alloc(20));
    const grown = entry(TYPE.near, delta(20, 45, ...Array.from({ length: 9 }, () => copy(0, 5))), {
      base: back(tree.length),
    });
    expect(await problem(makePack([tree, grown]), { ...LIMITS, treeBytes: 40 })).toContain('a tree of 45 bytes');
    const huge = near(delta(base.length, 2 ** 40, copy(0, 1)));
    expect(await problem(makePack([baseEntry, huge]))).toContain(`an object of ${2 ** 40} bytes`);
  });

  it('a chain may be as deep as the limit and no deeper', async () => {
    const chain = (depth: number): Buffer => {
      const entries = [entry(TYPE.blob, Buffer.from('0'))];
      for (let at = 1; at <= depth; at++) {
        const before = entries[at - 1]?.length ?? 0;
        entries.push(entry(TYPE.near, delta(at, at + 1, copy(0, at), insert('x')), { base: back(before) }));
      }
      return makePack(entries);
    };
    expect((await decode(chain(4095))).length).toBe(4096);
    expect(await problem(chain(4096))).toMatch(/^GitContentRefused .*more than 4095 deltas/);
  });

  it('an abort ends it, and what keep throws comes out', async () => {
    const aborted = AbortSignal.abort(new Error('given up'));
    const many = makePack(Array.from({ length: 2000 }, (_, at) => entry(TYPE.blob, number(at))));
    await expect(readPack(many, LIMITS, async () => undefined, aborted)).rejects.toThrow('given up');
    const full = async (): Promise<void> => {
      throw new Error('disk full');
    };
    await expect(readPack(many, LIMITS, full, never)).rejects.toThrow('disk full');
  });
});
