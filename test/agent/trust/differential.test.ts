// Thousands of changed commits and tags, seeded. Whatever is accepted here, Git accepts; what nobody signed is never accepted.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier } from '../../../agent/trust/create-verifier.ts';
import { createRandom, type Random } from '../../fleet/reconcile/support/random.ts';
import { pooled } from './judges.ts';
import {
  armor,
  asHeader,
  type Bench,
  commitVerdict,
  dearmor,
  ecdsaKey,
  ecdsaSkKey,
  ed25519Key,
  ed25519SkKey,
  type HandKey,
  idOf,
  makeBench,
  rsaKey,
  signByHand,
  verdict,
} from './signing.ts';

const KEYS: readonly HandKey[] = [
  ed25519Key(),
  ecdsaKey(),
  rsaKey(2048, 'rsa-sha2-256'),
  rsaKey(3072, 'rsa-sha2-512'),
  ed25519SkKey(0x01),
  ed25519SkKey(0x05),
  ecdsaSkKey(0x01, 'ssh:fleet'),
];
const STRANGER = ed25519Key();

let bench: Bench;
let allowedSigners: string;
beforeAll(async () => {
  bench = await makeBench();
  allowedSigners = await bench.file('allowed', KEYS.map((key, index) => `key${index} ${key.line}\n`).join(''));
});
afterAll(() => bench.close());

interface Counts {
  both: number;
  neither: number;
  stricter: number;
}

function count(counts: Counts, ours: boolean, git: boolean, shown: unknown): void {
  if (ours) expect({ shown, git }).toEqual({ shown, git: true });
  if (ours) counts.both += 1;
  else if (git) counts.stricter += 1;
  else counts.neither += 1;
}

describe('commits whose makers sign what Git takes for the payload', () => {
  const TREES = ['4b825dc642cb6eb9a060e54bf8d69288fbee4904', '1'.repeat(40), '0'.repeat(39), 'A'.repeat(40)];
  const IDENTITIES = [
    'Ada <ada@example.com> 1780000000 +0200',
    'Ada <ada@example.com> 1780000000 +0200',
    'Gr\u00fc\u00df <> 1 -0000',
    '<a@b> 1780000000 +0000',
    'A > B <a@b> 1780000000 +0000',
    'Ada <ada@example.com> 0 +0000',
    'Ada <ada@example.com> 01780000000 +0000',
    'Ada <ada@example.com> 1780000000',
    'Ada <ada@example.com> 300000000000 +0000',
    'Ada <ada@example.com> 18446744073709551616 +0000',
    'Ada <ada@example.com> -5 +0000',
    'Ada <ada@example.com>',
    'Ada 1780000000 +0000',
    'Ada\r <ada@example.com> 1780000000 +0000',
    '',
  ];
  const EXTRAS = [
    'encoding UTF-8\n',
    'mergetag object x\n type commit\n \n gpgsig y\n',
    'change-id abc\n',
    'HG:extra x\n continued\n',
    'gpgsig-sha256 x\n y\n',
    'gpgsigx y\n z\n',
    'gpgsig\n',
    ' continued\n',
    'x\n',
    '\tx y\n',
    'x \0 y\n',
    `tree ${'2'.repeat(40)}\n`,
    `parent ${'3'.repeat(40)}\n`,
  ];
  const MESSAGES = ['Say hello\n', '', 'x', '\n\nx\n', 'gpgsig x\n y\n', 'a\0b\n', 'a\r\nb\r\n', ' x\n', '\u00ff\n'];

  /** Mostly right. */
  function usually<T>(random: Random, items: readonly [T, ...T[]]): T {
    return random.chance(0.92) ? items[0] : random.pick(items);
  }

  function headers(random: Random): string[] {
    const lines = [
      `tree ${usually(random, TREES as [string, ...string[]])}\n`,
      ...Array.from({ length: random.int(3) }, () => `parent ${'4'.repeat(40)}\n`),
      `author ${usually(random, IDENTITIES as [string, ...string[]])}\n`,
      `committer ${usually(random, IDENTITIES as [string, ...string[]])}\n`,
      ...Array.from({ length: random.chance(0.5) ? random.int(3) : 0 }, () =>
        random.chance(0.6) ? random.pick(EXTRAS.slice(0, 4)) : random.pick(EXTRAS),
      ),
    ];
    if (random.chance(0.06)) lines.splice(random.int(lines.length), 1);
    if (random.chance(0.06)) lines.splice(random.int(lines.length), 0, random.pick(lines));
    if (random.chance(0.06)) lines.push(...lines.splice(random.int(lines.length), 1));
    return lines;
  }

  /** What Git 2.39 takes for the payload: without `gpgsig…` headers and their continuations. */
  function payloadOf(lines: readonly string[], end: string, message: string): Buffer {
    const kept: string[] = [];
    let left = false;
    for (const line of lines.join('').split(/(?<=\n)/)) {
      left = line.startsWith('gpgsig') || (left && line.startsWith(' '));
      if (!left) kept.push(line);
    }
    return Buffer.from(`${kept.join('')}${end}${message}`);
  }

  function make(seed: number): Buffer {
    const random = createRandom(seed);
    const lines = headers(random);
    const end = random.chance(0.02) ? '' : '\n';
    const message = usually(random, MESSAGES as [string, ...string[]]);
    const key = random.chance(0.04) ? STRANGER : random.pick(KEYS);
    const namespace = random.chance(0.04) ? 'file' : 'git';
    const reserved = random.chance(0.03) ? 'x' : '';
    const hash = random.chance(0.5) ? 'sha512' : 'sha256';
    const signature = signByHand(key, payloadOf(lines, end, message), { namespace, reserved, hash });
    const at = random.chance(0.85) ? lines.length : random.int(lines.length + 1);
    lines.splice(at, 0, asHeader(signature));
    if (random.chance(0.05)) lines.splice(random.int(lines.length + 1), 0, asHeader(signature));
    return Buffer.from(`${lines.join('')}${end}${message}`);
  }

  it('1,200 of them: Git accepts whatever is accepted here', { timeout: 60_000 }, async () => {
    const counts: Counts = { both: 0, neither: 0, stricter: 0 };
    const seeds = Array.from({ length: 1200 }, (_, index) => index + 1);
    await pooled(seeds, async (seed) => {
      const raw = make(seed);
      const ours = await commitVerdict({ allowedSigners }, raw);
      const git = await bench.gitAccepts(await bench.store(raw), { allowedSigners });
      count(counts, typeof ours !== 'string', git, { seed, raw: raw.toString('latin1') });
    });
    expect(counts.both).toBeGreaterThan(300);
    expect(counts.neither).toBeGreaterThan(100);
    expect(counts.stricter).toBeGreaterThan(50);
  });
});

describe('genuine commits and tags, changed', () => {
  const signed: { commits: Buffer[]; tags: { raw: Buffer; name: string; commit: string }[] } = {
    commits: [],
    tags: [],
  };
  beforeAll(async () => {
    for (const [name, args] of [
      ['ed', ['-t', 'ed25519']],
      ['ec', ['-t', 'ecdsa', '-b', '384']],
      ['rs', ['-t', 'rsa', '-b', '2048']],
    ] as const) {
      const key = await bench.sshKey(name, ...args);
      allowedSigners = await bench.file('allowed', `ada namespaces="git" ${key}\n${await lines()}`);
      const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${bench.folder}/${name}`];
      for (const message of ['One', 'Two\n\nSecond line.\n']) {
        await bench.git(...signing, 'commit', '--quiet', '--allow-empty', '-S', '-m', `${name} ${message}`);
        const commit = await bench.git('rev-parse', 'HEAD');
        const tag = `t-${commit.slice(0, 6)}`;
        await bench.git(...signing, 'tag', '-s', '-m', message, tag);
        signed.commits.push(await bench.raw(commit));
        signed.tags.push({ raw: await bench.raw(tag, 'tag'), name: tag, commit });
      }
    }
  });
  const lines = async () => readFile(allowedSigners, 'utf8');

  const accepted = async (raw: Buffer) => typeof (await commitVerdict({ allowedSigners }, raw)) !== 'string';
  const tagAccepted = async (raw: Buffer, name: string, commit: string) =>
    typeof (await verdict(createVerifier({ allowedSigners, now: () => new Date() }).tag(raw, name, commit))) !==
    'string';

  /** Another object in any case. */
  function changed(raw: Buffer, others: readonly Buffer[], random: Random): Buffer {
    const bytes = Buffer.from(raw);
    const at = random.int(bytes.length);
    const text = bytes.toString('latin1');
    const split = text.split('\n');
    const line = random.int(split.length);
    const join = (parts: readonly string[]) => Buffer.from(parts.join('\n'), 'latin1');
    const kinds: readonly (() => Buffer)[] = [
      () =>
        Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from([(bytes[at] ?? 0) ^ (1 << random.int(8))]),
          bytes.subarray(at + 1),
        ]),
      () => Buffer.concat([bytes.subarray(0, at), Buffer.from([random.int(256)]), bytes.subarray(at)]),
      () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
      () => bytes.subarray(0, at),
      () => join(split.toSpliced(line, 1)),
      () => join(split.toSpliced(line, 0, random.pick(split))),
      () => join(split.toSpliced(line, 0, random.pick(['', ' ', 'x y', `tree ${'5'.repeat(40)}`, 'gpgsig x', '\r']))),
      () => join(split.toSpliced(line, 1, `${split[line]}\r`)),
      () => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1'),
      () => swap(text, random.pick(others).toString('latin1')),
      () => Buffer.concat([bytes, Buffer.from(random.pick(['\n', 'x', ' ', '\0']))]),
    ];
    return random.pick(kinds)();
  }

  /** The signature of another object. */
  function swap(text: string, other: string): Buffer {
    const block = /-----BEGIN SSH SIGNATURE-----[\s\S]*-----END SSH SIGNATURE-----/;
    return Buffer.from(
      text.replace(block, () => block.exec(other)?.[0] ?? ''),
      'latin1',
    );
  }

  it('all of them are accepted as they are', async () => {
    for (const raw of signed.commits) expect(await accepted(raw)).toBe(true);
    for (const { raw, name, commit } of signed.tags) expect(await tagAccepted(raw, name, commit)).toBe(true);
    expect(signed.commits).toHaveLength(6);
  });

  it('3,000 changed commits: none is accepted', { timeout: 60_000 }, async () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const random = createRandom(seed);
      const original = random.pick(signed.commits);
      const raw = changed(original, signed.commits, random);
      if (!meansTheSame(raw, original))
        expect({ seed, accepted: await accepted(raw) }).toEqual({ seed, accepted: false });
    }
  });

  it('3,000 changed tags: none is accepted', { timeout: 60_000 }, async () => {
    const others = signed.tags.map(({ raw }) => raw);
    for (let seed = 1; seed <= 3000; seed++) {
      const random = createRandom(seed);
      const { raw: original, name, commit } = random.pick(signed.tags);
      const raw = changed(original, others, random);
      if (!meansTheSame(raw, original))
        expect({ seed, accepted: await tagAccepted(raw, name, commit) }).toEqual({ seed, accepted: false });
    }
  });

  /** Unchanged after all, or only the line breaks of the armor and, in a tag, those after it were. */
  function meansTheSame(raw: Buffer, original: Buffer): boolean {
    const flat = (bytes: Buffer) => {
      const [before, inside, after] = bytes
        .toString('latin1')
        .split(/-----BEGIN SSH SIGNATURE-----\n|-----END SSH SIGNATURE-----/);
      const rest = before?.startsWith('object ')
        ? after?.replaceAll('\n', '')
        : after?.replace(/^\n(?: ?\n)*(?! )/, '\n');
      return `${before}|${inside?.replace(/\n ?/g, '')}|${rest}`;
    };
    return raw.equals(original) || flat(raw) === flat(original);
  }

  it('400 changed signature blobs: none is accepted unless Git accepts it', { timeout: 60_000 }, async () => {
    const counts: Counts = { both: 0, neither: 0, stricter: 0 };
    const seeds = Array.from({ length: 400 }, (_, index) => index + 1);
    await pooled(seeds, async (seed) => {
      const random = createRandom(seed);
      const text = random.pick(signed.commits).toString('latin1');
      const block = /gpgsig (-----BEGIN SSH SIGNATURE-----[\s\S]*?-----END SSH SIGNATURE-----\n)/.exec(text);
      const blob = dearmor((block?.[1] ?? '').replaceAll('\n ', '\n'));
      const at = random.int(blob.length);
      const edited = random.pick([
        () => Buffer.concat([blob.subarray(0, at), Buffer.from([random.int(256)]), blob.subarray(at + 1)]),
        () => Buffer.concat([blob.subarray(0, at), Buffer.from([0]), blob.subarray(at)]),
        () => blob.subarray(0, at),
        () => Buffer.concat([blob, Buffer.from([0])]),
        () => blob,
      ])();
      const raw = Buffer.from(
        text.replace(block?.[0] ?? '', () => asHeader(armor(edited))),
        'latin1',
      );
      const git = await bench.gitAccepts(await bench.store(raw), { allowedSigners });
      const ours = await accepted(raw);
      count(counts, ours, git, { seed, id: idOf(raw) });
      if (edited.equals(blob)) expect({ seed, ours }).toEqual({ seed, ours: true });
    });
    expect(counts.both).toBeGreaterThan(40);
    expect(counts.neither).toBeGreaterThan(200);
  });

  it('200 changed tags: Git accepts whatever is accepted here', { timeout: 60_000 }, async () => {
    const counts: Counts = { both: 0, neither: 0, stricter: 0 };
    const seeds = Array.from({ length: 200 }, (_, index) => index + 1);
    await pooled(seeds, async (seed) => {
      const random = createRandom(seed);
      const name = random.chance(0.9) ? 'v1' : 'v2';
      const commit = idOf(random.pick(signed.commits));
      const message = random.pick([
        'First\n',
        '',
        'x',
        '\n',
        '-----BEGIN PGP SIGNATURE-----\nx\n',
        ' -----BEGIN SSH SIGNATURE-----\n',
      ]);
      const extra = random.chance(0.1) ? 'gpgsig x\n' : '';
      const type = random.chance(0.9) ? 'commit' : 'tree';
      const tagger = random.chance(0.9) ? 'tagger Ada <ada@example.com> 1780000000 +0000\n' : '';
      const payload = Buffer.from(`object ${commit}\ntype ${type}\ntag ${name}\n${tagger}${extra}\n${message}`);
      const signature = signByHand(random.pick(KEYS), payload);
      const tail = random.pick(['', '', '', '\n', 'x\n', signature]);
      const raw = Buffer.concat([payload, Buffer.from(signature), Buffer.from(tail)]);
      const oid = await bench.store(raw, 'tag');
      const git = await bench.gitAccepts(oid, { kind: 'tag', allowedSigners });
      count(counts, await tagAccepted(raw, 'v1', commit), git, { seed, raw: raw.toString('latin1') });
    });
    expect(counts.both).toBeGreaterThan(30);
    expect(counts.stricter + counts.neither).toBeGreaterThan(50);
  });
});
