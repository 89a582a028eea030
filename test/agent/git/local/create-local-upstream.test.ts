import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readBundleHead } from '../../../../agent/git/local/bundle-head.ts';
import { createLocalUpstream } from '../../../../agent/git/local/create-local-upstream.ts';
import type { External } from '../../../../agent/git/pack/resolve.ts';
import type { RawObject, Upstream } from '../../../../agent/git/upstream.ts';
import { HoldfastError } from '../../../../fleet/error.ts';
import { gitObjects, makeRandom, run } from '../pack/random-repository.ts';
import { never, scratch } from '../repository.ts';

const MIB = 1024 * 1024;

function upstreamOf(path: string, given: { maxBytes?: number; external?: External } = {}): Upstream {
  const upstream = createLocalUpstream({ path, shown: `file://${path}`, maxBytes: 64 * MIB, ...given });
  onTestFinished(() => upstream.close());
  return upstream;
}

function collector(): { found: Map<string, RawObject>; keep: (object: RawObject) => Promise<void> } {
  const found = new Map<string, RawObject>();
  return { found, keep: async (object) => void found.set(object.oid, object) };
}

async function problem(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof HoldfastError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

const text = (folder: string, ...args: readonly string[]): string => run(folder, args).toString().trim();
const lines = (folder: string, ...args: readonly string[]): string[] =>
  text(folder, ...args)
    .split('\n')
    .filter(Boolean);

function makeFleet(commits = 40): string {
  const folder = join(scratch(), 'fleet.git');
  makeRandom(folder, 21, commits);
  return folder;
}

/** Everything of main, its history since `since`, and its refs, compared with what Git says. */
async function expectSame(upstream: Upstream, folder: string, since: string): Promise<void> {
  const commit = text(folder, 'rev-parse', 'main');
  const tree = text(folder, 'rev-parse', 'main^{tree}');
  const wanted = gitObjects(folder);
  const { found, keep } = collector();
  expect(await upstream.history({ commit, tag: null, since }, keep, never)).toBe(true);
  const commits = [...found.values()].filter(({ type }) => type === 'commit').map(({ oid }) => oid);
  expect(commits.toSorted()).toEqual(lines(folder, 'rev-list', 'main', `^${since}`).toSorted());
  expect(found.has(tree)).toBe(true);
  await upstream.whole([tree], keep, never, commit);
  for (const line of lines(folder, 'ls-tree', '-r', '-t', 'main'))
    expect(found.has(line.split(/\s/)[2] ?? '')).toBe(true);
  for (const { oid, type, bytes } of found.values()) {
    expect(wanted.get(oid)?.type).toBe(type);
    expect(wanted.get(oid)?.bytes.equals(bytes)).toBe(true);
  }
  const refs = await upstream.refs(['refs/heads/', 'refs/tags/'], never);
  const format = '%(refname) %(objectname) %(*objectname)';
  expect(refs.map(({ name, oid, peeled }) => `${name} ${oid} ${peeled ?? ''}`.trim())).toEqual(
    lines(folder, 'for-each-ref', `--format=${format}`, 'refs/heads', 'refs/tags').map((line) => line.trim()),
  );
}

describe('a repository on this host', () => {
  it('is read as Git reads it: bare, packed, unpacked, and packed again', async () => {
    const folder = makeFleet();
    const since = text(folder, 'rev-parse', 'main~5');
    await expectSame(upstreamOf(folder), folder, since);
    run(folder, ['gc', '--quiet', '--aggressive']);
    expect(existsSync(join(folder, 'packed-refs'))).toBe(true);
    await expectSame(upstreamOf(folder), folder, since);
    const packs = join(folder, 'objects', 'pack');
    const pack = readdirSync(packs).find((name) => name.endsWith('.pack')) ?? '';
    const raw = readFileSync(join(packs, pack));
    rmSync(packs, { recursive: true });
    run(folder, ['unpack-objects', '-q'], raw);
    const upstream = upstreamOf(folder);
    await expectSame(upstream, folder, since);
    // Packed while it is open.
    run(folder, ['repack', '-a', '-d', '-q']);
    run(folder, ['prune-packed', '-q']);
    await expectSame(upstream, folder, since);
    expect(upstream.way).toBe('local repository');
  });

  it('is found as a working repository, as one with a .git file, and as a linked work tree', async () => {
    const bare = makeFleet();
    const root = scratch();
    const since = text(bare, 'rev-parse', 'main~3');
    run(root, ['clone', '--quiet', bare, 'work']);
    run(root, ['clone', '--quiet', '--separate-git-dir', join(root, 'apart'), bare, 'other']);
    run(join(root, 'work'), ['worktree', 'add', '--quiet', join(root, 'linked')]);
    for (const name of ['work', 'other', 'linked'])
      await expectSame(upstreamOf(join(root, name)), join(root, name), since);
  });

  it('may borrow its objects from another one, and a circle of borrowing ends', async () => {
    const bare = makeFleet();
    const root = scratch();
    run(root, ['clone', '--quiet', '--bare', '--shared', bare, 'shared.git']);
    const shared = join(root, 'shared.git');
    await expectSame(upstreamOf(shared), shared, text(bare, 'rev-parse', 'main~3'));
    writeFileSync(join(shared, 'objects/info/alternates'), `../../shared.git/objects\n${bare}/objects\n`);
    writeFileSync(join(bare, 'objects/info/alternates'), `${shared}/objects\n`);
    symlinkSync(join(shared, 'objects'), join(shared, 'objects/loop'));
    symlinkSync('..', join(shared, 'refs/heads/loop'));
    await expectSame(upstreamOf(shared), shared, text(bare, 'rev-parse', 'main~3'));
    for (let at = 0; at < 7; at++) {
      mkdirSync(join(root, `o${at}`, 'info'), { recursive: true });
      writeFileSync(join(root, `o${at}`, 'info/alternates'), `../o${at + 1}\n`);
    }
    writeFileSync(join(shared, 'objects/info/alternates'), '../../o0\n');
    expect(await problem(upstreamOf(shared).refs([''], never))).toMatch(/^GitContentRefused .*more than 5 steps/);
  });

  it('a history that does not lead to the older commit says so, and a shallow one ends at its boundary', async () => {
    const bare = makeFleet();
    const [tip, older] = [text(bare, 'rev-parse', 'main'), text(bare, 'rev-parse', 'main~10')];
    const tag = text(bare, 'rev-parse', 'refs/tags/v39');
    const { found, keep } = collector();
    expect(await upstreamOf(bare).history({ commit: older, tag: null, since: tip }, keep, never)).toBe(false);
    expect(await upstreamOf(bare).history({ commit: tip, tag, since: null }, keep, never)).toBe(true);
    expect(found.get(tag)?.type).toBe('tag');
    const root = scratch();
    run(root, ['clone', '--quiet', '--bare', '--depth=3', `file://${bare}`, 'shallow.git']);
    const shallow = upstreamOf(join(root, 'shallow.git'));
    expect(await shallow.history({ commit: tip, tag: null, since: older }, keep, never)).toBe(false);
    expect(
      await shallow.history({ commit: tip, tag: null, since: text(bare, 'rev-parse', 'main~2') }, keep, never),
    ).toBe(true);
    expect(await problem(shallow.history({ commit: older, tag: null, since: null }, keep, never))).toMatch(
      /^GitRefNotFound/,
    );
  });

  it('what cannot be read is said plainly', async () => {
    const root = scratch();
    const refs = (path: string): Promise<string> => problem(upstreamOf(path).refs(['refs/'], never));
    expect(await refs(join(root, 'none'))).toMatch(/^GitRefNotFound .*none does not exist/);
    expect(await refs(root)).toMatch(/^GitRefNotFound .*is no Git repository/);
    writeFileSync(join(root, 'file'), 'hello');
    expect(await refs(join(root, 'file'))).toMatch(/^GitRefNotFound .*is no Git bundle/);
    run(root, ['init', '--quiet', '--bare', '--object-format=sha256', 'sha256.git']);
    expect(await refs(join(root, 'sha256.git'))).toMatch(
      /^GitContentRefused .*a SHA-256 repository; this version reads SHA-1 only/,
    );
    run(root, ['init', '--quiet', '--bare', 'reftable.git']);
    writeFileSync(
      join(root, 'reftable.git/config'),
      '[core]\n\tbare = true\n[Extensions] refStorage = reftable ; new\n',
    );
    expect(await refs(join(root, 'reftable.git'))).toMatch(/^GitContentRefused .*git refs migrate/);
  });

  it('a folder that may not be read is a matter of rights', async () => {
    const folder = makeFleet(2);
    chmodSync(folder, 0o000);
    onTestFinished(() => chmodSync(folder, 0o700));
    const said = await problem(upstreamOf(folder).refs(['refs/'], never));
    // The superuser may read everything.
    expect(said).toMatch(process.getuid?.() === 0 ? /^accepted/ : /^GitAuthentication .*fleet\.git/);
  });

  it('loose objects that lie, an index that lies and a cut pack are damaged, and what is large is refused', async () => {
    const folder = join(scratch(), 'lies.git');
    makeRandom(folder, 4, 6);
    run(folder, ['repack', '-a', '-d', '-q']);
    const blob = text(folder, 'hash-object', '-w', '--stdin');
    const place = join(folder, 'objects', blob.slice(0, 2), blob.slice(2));
    const whole = (oid: string, maxBytes = MIB): Promise<string> =>
      problem(upstreamOf(folder, { maxBytes }).whole([oid], async () => undefined, never, ''));
    const write = (raw: Buffer): void => {
      rmSync(place, { force: true });
      writeFileSync(place, raw);
    };
    expect(await whole(blob)).toBe('accepted');
    for (const lie of ['blob 5\0', 'blob 1\0ab', 'blob 9\0hello', 'blob 1\0a', 'what 0\0', 'blob 00\0']) {
      write(deflateSync(lie));
      expect(await whole(blob)).toMatch(/^GitUnreachable .*is damaged/);
    }
    write(Buffer.concat([deflateSync('blob 0\0'), Buffer.from('x')]));
    expect(await whole(blob)).toMatch(/^GitUnreachable .*size that it declares/);
    write(deflateSync(`blob ${2 ** 40}\0`));
    expect(await whole(blob)).toMatch(/^GitContentRefused .*a blob of 1099511627776 bytes/);

    const tree = text(folder, 'rev-parse', 'main^{tree}');
    expect(await whole(tree)).toBe('accepted');
    expect(await whole(tree, 4000)).toMatch(/^GitContentRefused .*more than 4000 bytes/);
    const packs = join(folder, 'objects/pack');
    const name =
      readdirSync(packs)
        .find((each) => each.endsWith('.idx'))
        ?.slice(0, -4) ?? '';
    const [idx, pack] = [readFileSync(join(packs, `${name}.idx`)), readFileSync(join(packs, `${name}.pack`))];
    const put = (end: string, raw: Buffer): void => {
      rmSync(join(packs, name + end), { force: true });
      writeFileSync(join(packs, name + end), raw);
    };
    const count = idx.readUInt32BE(8 + 255 * 4);
    for (const offset of [0, 13, pack.length - 5, 0x7fffffff, 0x80000000, 0xffffffff]) {
      const bad = Buffer.from(idx);
      for (let at = 0; at < count; at++) bad.writeUInt32BE(offset, 8 + 1024 + count * 24 + at * 4);
      put('.idx', bad);
      expect(await whole(tree)).toMatch(/^GitUnreachable /);
    }
    put('.idx', idx.subarray(0, 2000));
    expect(await whole(tree)).toMatch(/^GitUnreachable .*do not fit/);
    put('.idx', Buffer.concat([Buffer.alloc(4), idx.subarray(8)]));
    expect(await whole(tree)).toMatch(/^GitContentRefused .*no pack index of version 2/);
    put('.idx', idx);
    put('.pack', pack.subarray(0, 40));
    expect(await whole(tree)).toMatch(/^GitUnreachable /);
  });
});

describe('a bundle', () => {
  function bundle(folder: string, version: 2 | 3, ...revisions: readonly string[]): string {
    const file = join(scratch(), 'fleet.bundle');
    run(folder, ['bundle', 'create', '--quiet', `--version=${version}`, file, ...revisions]);
    return file;
  }

  it('of everything is read as Git reads the repository', async () => {
    const folder = makeFleet();
    const upstream = upstreamOf(bundle(folder, 2, '--all'));
    await expectSame(upstream, folder, text(folder, 'rev-parse', 'main~5'));
    expect(upstream.way).toBe('bundle');
    expect(await upstream.refs(['refs/heads/other'], never)).toEqual([]);
  });

  it('of version 3 is read, and kinds that are not are refused', async () => {
    const folder = makeFleet(5);
    const file = bundle(folder, 3, 'main');
    const commit = text(folder, 'rev-parse', 'main');
    expect(await readBundleHead(file, never)).toEqual({
      prerequisites: [],
      refs: [{ name: 'refs/heads/main', oid: commit, peeled: null }],
    });
    await expect(upstreamOf(file).refs(['refs/'], never)).resolves.toHaveLength(1);
    const with_ = (capability: string): Promise<string> => {
      writeFileSync(`${file}.x`, readFileSync(file, 'latin1').replace('@object-format=sha1', capability), 'latin1');
      return problem(readBundleHead(`${file}.x`, never));
    };
    expect(await with_('@object-format=sha256')).toMatch(/^GitContentRefused .*SHA-256/);
    expect(await with_('@filter=blob:none')).toMatch(/^GitContentRefused .*filtered bundle/);
    expect(await with_('@magic')).toMatch(/^GitContentRefused .*needs "magic"/);
    expect(await with_('nonsense')).toMatch(/^GitUnreachable .*not readable/);
  });

  it('that builds on an earlier one needs what that one brought', async () => {
    const folder = makeFleet();
    const [tip, since, tree] = ['main', 'main~5', 'main^{tree}'].map((each) => text(folder, 'rev-parse', each));
    const file = bundle(folder, 2, 'main', '^main~5');
    const known = new Set(lines(folder, 'rev-list', '--objects', 'main~5').map((line) => line.slice(0, 40)));
    const all = gitObjects(folder);
    const external: External = async (oid) => {
      const held = known.has(oid) ? all.get(oid) : undefined;
      if (held === undefined || held.type === 'tag') return null;
      if (held.type !== 'commit' && held.type !== 'tree' && held.type !== 'blob') return null;
      return { oid, type: held.type, bytes: held.bytes };
    };
    const wanted = { commit: tip ?? '', tag: null, since: since ?? '' };
    expect((await readBundleHead(file, never)).prerequisites).toContain(since);
    const { found, keep } = collector();
    const upstream = upstreamOf(file, { external });
    expect(await upstream.history(wanted, keep, never)).toBe(true);
    await upstream.whole([tree ?? ''], keep, never, tip ?? '');
    expect([...found.keys()].filter((oid) => known.has(oid))).toEqual([]);
    const commits = [...found.values()].filter(({ type }) => type === 'commit');
    expect(commits.map(({ oid }) => oid).toSorted()).toEqual(lines(folder, 'rev-list', 'main', '^main~5').toSorted());
    for (const { oid, bytes } of found.values()) expect(all.get(oid)?.bytes.equals(bytes)).toBe(true);
    const alone = upstreamOf(file);
    const said = await problem(alone.whole([tree ?? ''], keep, never, tip ?? ''));
    expect(said).toMatch(/^GitContentRefused .*needs an earlier bundle/);
    expect(said).toContain(since);
  });

  it('that was cut, damaged or is too large gives a clean error', async () => {
    const file = bundle(makeFleet(5), 2, 'main');
    const raw = readFileSync(file);
    const read = (bytes: Buffer, maxBytes = MIB): Promise<string> => {
      writeFileSync(`${file}.x`, bytes);
      return problem(upstreamOf(`${file}.x`, { maxBytes }).refs(['refs/'], never));
    };
    expect(await read(raw)).toBe('accepted');
    for (let at = 0; at < raw.length; at += 97)
      expect(await read(raw.subarray(0, at))).toMatch(/^Git(Unreachable|RefNotFound) /);
    const flipped = Buffer.from(raw);
    flipped[raw.length - 100] = (flipped[raw.length - 100] ?? 0) ^ 1;
    expect(await read(flipped)).toMatch(/^GitUnreachable .*checksum differs/);
    expect(await read(raw, 100)).toMatch(/^GitContentRefused .*one may have 800/);
    expect(await problem(readBundleHead(`${file}.none`, never))).toMatch(/^GitRefNotFound/);
  });
});
