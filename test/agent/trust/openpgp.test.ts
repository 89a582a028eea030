import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier } from '../../../agent/trust/create-verifier.ts';
import { createRandom } from '../../fleet/reconcile/support/random.ts';
import { pooled } from './judges.ts';
import { type Bench, commitText, commitVerdict, idOf, makeBench, verdict, withSignature } from './signing.ts';

let bench: Bench;
/** Fingerprints of primary keys. */
const keys: Record<string, string> = {};
let ring: string;

beforeAll(async () => {
  bench = await makeBench();
  for (const [name, algorithm, usage] of [
    ['ada', 'ed25519', 'cert'],
    ['rsa', 'rsa3072', 'cert,sign'],
    ['ecdsa', 'nistp256', 'cert,sign'],
  ] as const)
    await makeKey(name, algorithm, usage, 'never', 'seconds=0');
  await bench.gpg('--quick-add-key', keys.ada ?? '', 'ed25519', 'sign', 'never');
  ring = await exportRing('ring');
}, 60_000);
afterAll(() => bench.close());

/** `time`: a faked one, as gpg takes it; seconds=0 is now. */
async function makeKey(name: string, algorithm: string, usage: string, expires: string, time: string): Promise<void> {
  const user = `${name} <${name}@example.com>`;
  await bench.gpg(...faked(time), '--quick-generate-key', user, algorithm, usage, expires);
  const listed = await bench.gpg('--list-keys', '--with-colons', `${name}@example.com`);
  keys[name] = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '';
}

function faked(time: string): readonly string[] {
  return time === 'seconds=0' ? [] : ['--faked-system-time', time];
}

async function exportRing(name: string, ...args: readonly string[]): Promise<string> {
  return bench.file(name, Buffer.from(await bench.gpg('--export', '--armor', ...args), 'latin1'));
}

/** A commit with a detached signature that gpg makes. */
async function signed(name: string, { time = 'seconds=0', args = [] as readonly string[], text = commitText() } = {}) {
  const file = await bench.file(`payload-${name}`, text);
  const user = keys[name] ?? '';
  const armored = await bench.gpg(
    ...faked(time),
    ...args,
    '-u',
    user,
    '--armor',
    '--output',
    '-',
    '--detach-sign',
    file,
  );
  return withSignature(text, armored);
}

const judge = (raw: Buffer, openpgpKeyring = ring) => commitVerdict({ openpgpKeyring }, raw);
const gpgAccepts = async (raw: Buffer) => bench.gitAccepts(await bench.store(raw), {});

describe('what people sign with gpg', () => {
  it.each(['ada', 'rsa', 'ecdsa'])(
    'a commit and a tag by the key of %s are accepted, and nothing that was changed',
    async (name) => {
      const signing = ['-c', `user.signingkey=${keys[name]}`];
      await bench.git(...signing, 'commit', '--quiet', '--allow-empty', '-S', '-m', `By ${name}`);
      await bench.git(...signing, 'tag', '-s', '-m', 'First', `v-${name}`);
      const raw = await bench.raw('HEAD');
      const signer = { name: `${name} <${name}@example.com>`, key: keys[name] };
      expect(await judge(raw)).toEqual(signer);
      expect(await gpgAccepts(raw)).toBe(true);
      const verifier = createVerifier({ openpgpKeyring: ring, now: () => new Date() });
      const tag = await bench.raw(`v-${name}`, 'tag');
      expect(await verifier.tag(tag, `v-${name}`, idOf(raw))).toEqual(signer);
      const changed = Buffer.from(raw.toString('latin1').replace('By ', 'by '), 'latin1');
      expect(await judge(changed)).toContain(`is not accepted as signed by OpenPGP key ${keys[name]}`);
    },
  );

  it('a signature with an empty line at its end and without a checksum, as forges make them', async () => {
    const text = (await signed('ada')).toString('latin1');
    const forged = text.replace(/ =[A-Za-z0-9+/]{4}\n( -----END PGP SIGNATURE-----\n)/, '$1 \n');
    expect(forged).not.toBe(text);
    expect(await judge(Buffer.from(forged, 'latin1'))).toMatchObject({ key: keys.ada });
    expect(await gpgAccepts(Buffer.from(forged, 'latin1'))).toBe(true);
  });
});

describe('key rings', () => {
  it('armored blocks one after the other, with words between them', async () => {
    const blocks = await Promise.all(['rsa', 'ada'].map((name) => bench.gpg('--export', '--armor', keys[name] ?? '')));
    const file = await bench.file('blocks', `These sign:\n\n${blocks.join('\nand\n')}`);
    expect(await judge(await signed('ada'), file)).toMatchObject({ key: keys.ada });
  });

  it('binary', async () => {
    const file = await bench.file('binary', Buffer.from(await bench.gpg('--export'), 'latin1'));
    expect(await judge(await signed('rsa'), file)).toMatchObject({ key: keys.rsa });
  });

  it('a key that it does not hold is named, and so is the file', async () => {
    const file = await exportRing('rsa-only', keys.rsa ?? '');
    expect(await judge(await signed('ada'), file)).toMatch(
      /is signed by OpenPGP key [0-9A-F]{16}, which \S+rsa-only does not hold$/,
    );
  });

  it.each([
    ['nothing', async () => Buffer.alloc(0), 'holds no key'],
    ['text', async () => Buffer.from('hello'), 'cannot be read as a key ring'],
    ['a keybox', async () => readFileSync(join(bench.folder, 'gnupg', 'pubring.kbx')), 'is a keybox of GnuPG'],
    ['private keys', async () => bench.gpg('--export-secret-keys', '--armor', keys.ada ?? ''), 'holds a private key'],
    [
      'private keys in binary',
      async () => Buffer.from(await bench.gpg('--export-secret-keys', keys.ada ?? ''), 'latin1'),
      'holds a private key',
    ],
    ['a key that is cut', async () => readFileSync(ring).subarray(0, 400), 'has a key block that does not end'],
  ])('one with %s is refused and named', async (_, content, said) => {
    const words = await judge(await signed('ada'), await bench.file('bad-ring', await content()));
    expect(words).toMatch(/^commit [0-9a-f]{8} cannot be verified: \S+bad-ring /);
    expect(words).toContain(said);
  });

  it('one that is not there is named', async () => {
    expect(await judge(await signed('ada'), '/nonexistent/ring')).toContain(
      '/nonexistent/ring (verify.openpgp_keyring) cannot be read',
    );
  });
});

describe('time and revocation', () => {
  it('an expired key is refused, and accepted again when its validity was made longer', {
    timeout: 30_000,
  }, async () => {
    await makeKey('late', 'ed25519', 'cert,sign', '30d', '20240101T000000!');
    const raw = await signed('late', { time: '20240110T000000!' });
    expect(await gpgAccepts(raw)).toBe(false);
    const expired = await exportRing('late-1', keys.late ?? '');
    expect(await judge(raw, expired)).toContain('it expired at 2024-01-31T00:00:00.000Z');
    await bench.gpg('--quick-set-expire', keys.late ?? '', '0');
    const longer = await exportRing('late-2', keys.late ?? '');
    expect(await gpgAccepts(raw)).toBe(true);
    expect(await judge(raw, longer)).toMatchObject({ key: keys.late });
    const both = await bench.file('late-3', readFileSync(expired, 'utf8') + readFileSync(longer, 'utf8'));
    expect(await judge(raw, both)).toMatchObject({ key: keys.late });
  });

  it('an expired signing subkey is refused', { timeout: 30_000 }, async () => {
    await makeKey('sub', 'ed25519', 'cert', 'never', '20240101T000000!');
    await bench.gpg(...faked('20240101T000000!'), '--quick-add-key', keys.sub ?? '', 'ed25519', 'sign', '30d');
    const raw = await signed('sub', { time: '20240110T000000!' });
    expect(await gpgAccepts(raw)).toBe(false);
    expect(await judge(raw, await exportRing('sub-ring', keys.sub ?? ''))).toContain('it expired at 2024-01-31');
  });

  it('a revoked key is refused, also when an older copy of it is in the ring', { timeout: 30_000 }, async () => {
    await makeKey('gone', 'ed25519', 'cert,sign', 'never', 'seconds=0');
    const raw = await signed('gone');
    const before = await exportRing('gone-1', keys.gone ?? '');
    expect(await judge(raw, before)).toMatchObject({ key: keys.gone });
    const prepared = readFileSync(join(bench.folder, 'gnupg', 'openpgp-revocs.d', `${keys.gone}.rev`), 'utf8');
    await bench.gpg('--import', await bench.file('gone.rev', prepared.replace(':-----BEGIN', '-----BEGIN')));
    const after = await exportRing('gone-2', keys.gone ?? '');
    expect(await gpgAccepts(raw)).toBe(false);
    expect(await judge(raw, after)).toContain('it is revoked');
    for (const [name, files] of [
      ['gone-3', [before, after]],
      ['gone-4', [after, before]],
    ] as const) {
      const both = await bench.file(name, files.map((file) => readFileSync(file, 'utf8')).join(''));
      expect(await judge(raw, both)).toContain('it is revoked');
    }
  });

  it('a revoked signing subkey is refused, whatever the reason', { timeout: 30_000 }, async () => {
    await makeKey('half', 'ed25519', 'cert', 'never', 'seconds=0');
    await bench.gpg('--quick-add-key', keys.half ?? '', 'ed25519', 'sign', 'never');
    const raw = await signed('half');
    expect(await judge(raw, await exportRing('half-1', keys.half ?? ''))).toMatchObject({ key: keys.half });
    // Reason 2: it is no longer used.
    const input = 'key 1\nrevkey\ny\n3\n\ny\nsave\n';
    const args = [
      '--no-tty',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
      '--command-fd',
      '0',
      '--edit-key',
      keys.half ?? '',
    ];
    spawnSync('gpg', args, { input, env: { ...process.env, GNUPGHOME: join(bench.folder, 'gnupg') } });
    expect(await bench.gpg('--list-keys', '--with-colons', keys.half ?? '')).toMatch(/^sub:r:/m);
    expect(await gpgAccepts(raw)).toBe(false);
    expect(await judge(raw, await exportRing('half-2', keys.half ?? ''))).toContain('it is revoked');
  });

  it('an expired signature is refused', { timeout: 30_000 }, async () => {
    await makeKey('brief', 'ed25519', 'cert,sign', 'never', '20240101T000000!');
    const raw = await signed('brief', { time: '20240110T000000!', args: ['--default-sig-expire', '5d'] });
    expect(await gpgAccepts(raw)).toBe(false);
    expect(await judge(raw, await exportRing('brief-ring', keys.brief ?? ''))).toMatch(/expired/);
  });

  it('a signature of the future asks for the clock', async () => {
    const raw = await signed('ada', { time: '20600101T000000!' });
    expect(await judge(raw)).toContain(
      'is signed at 2060-01-01T00:00:00.000Z, which is in the future for this host; check its clock',
    );
  });

  it('on a host whose clock was never set everything is of the future', async () => {
    const raw = await signed('ada');
    const verifier = createVerifier({ openpgpKeyring: ring, now: () => new Date(0) });
    expect(await verdict(verifier.commit(idOf(raw), raw))).toContain('check its clock');
  });

  it('a signature made before its key was is refused', async () => {
    const raw = await signed('rsa', {
      time: '20200101T000000!',
      args: ['--ignore-time-conflict', '--ignore-valid-from'],
    });
    expect(await judge(raw)).toContain('is not accepted');
    expect(await gpgAccepts(raw)).toBe(false);
  });
});

describe('kinds of signatures', () => {
  it.each([
    ['over SHA-1', ['--digest-algo', 'SHA1'], 'hash other than SHA-256'],
    ['over text', ['--textmode'], 'not one over a binary document'],
    ['by two keys', ['-u', 'ecdsa@example.com'], 'more than one signature'],
  ])('one %s is refused', async (_, args, said) => {
    expect(await judge(await signed('rsa', { args }))).toContain(said);
  });

  it.each(['SHA384', 'SHA512'])('one over %s is accepted', async (hash) => {
    expect(await judge(await signed('rsa', { args: ['--digest-algo', hash] }))).toMatchObject({ key: keys.rsa });
  });
});

describe('compared with Git and gpg', () => {
  const parts = (raw: Buffer) => {
    const text = raw.toString('latin1');
    const block = /gpgsig (-----BEGIN PGP SIGNATURE-----[\s\S]*?-----END PGP SIGNATURE-----\n)/.exec(text)?.[1] ?? '';
    const lines = block.replaceAll('\n ', '\n').split('\n');
    return { text, block, packet: Buffer.from(lines.slice(2, -3).join(''), 'base64') };
  };

  it('400 changed signatures: Git accepts whatever is accepted here', { timeout: 60_000 }, async () => {
    const originals = [await signed('ada'), await signed('rsa'), await signed('ecdsa')];
    const counts = { both: 0, neither: 0, stricter: 0 };
    await pooled(
      Array.from({ length: 400 }, (_, seed) => seed + 1),
      async (seed) => {
        const random = createRandom(seed);
        const { text, block, packet } = parts(random.pick(originals));
        const at = random.chance(0.5) ? random.int(60) : random.int(packet.length);
        const edited = random.pick([
          () => Buffer.concat([packet.subarray(0, at), Buffer.from([random.int(256)]), packet.subarray(at + 1)]),
          () =>
            Buffer.concat([
              packet.subarray(0, at),
              Buffer.from([(packet[at] ?? 0) ^ (1 << random.int(8))]),
              packet.subarray(at + 1),
            ]),
          () => packet.subarray(0, at),
          () =>
            Buffer.concat([packet, random.pick([packet, Buffer.from([0]), Buffer.from([0xca, 3, 0x50, 0x47, 0x50])])]),
          () => Buffer.concat([Buffer.from([0xca, 3, 0x50, 0x47, 0x50]), packet]),
          () => newFramed(packet),
          () => packet,
        ])();
        const sum = random.chance(0.8) ? checksumLine(edited) : '';
        const armored = `-----BEGIN PGP SIGNATURE-----\n \n ${edited.toString('base64')}\n${sum} -----END PGP SIGNATURE-----\n`;
        const raw = Buffer.from(
          text.replace(block, () => armored),
          'latin1',
        );
        const ours = typeof (await judge(raw)) !== 'string';
        const git = await gpgAccepts(raw);
        if (ours)
          expect({ seed, edited: edited.toString('hex'), git }).toEqual({
            seed,
            edited: edited.toString('hex'),
            git: true,
          });
        if (edited === packet && sum !== '') expect({ seed, ours }).toEqual({ seed, ours: true });
        counts[ours ? 'both' : git ? 'stricter' : 'neither'] += 1;
      },
    );
    expect(counts.both).toBeGreaterThan(40);
    expect(counts.neither).toBeGreaterThan(150);
  });

  /** The armor's CRC-24 (RFC 4880, 6.1), as a continuation line. */
  function checksumLine(packet: Buffer): string {
    let crc = 0xb704ce;
    for (const byte of packet) {
      crc ^= byte << 16;
      for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ ((crc & 0x800000) === 0 ? 0 : 0x1864cfb)) & 0xffffff;
    }
    return ` =${Buffer.from([crc >> 16, (crc >> 8) & 0xff, crc & 0xff]).toString('base64')}\n`;
  }

  /** The same packet with a length of the new format. */
  function newFramed(packet: Buffer): Buffer {
    const body = packet.subarray((packet[0] ?? 0) === 0x88 ? 2 : 3);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([Buffer.from([0xc2, 0xff]), length, body]);
  }

  it('400 changed commits: none is accepted', { timeout: 60_000 }, async () => {
    const originals = [await signed('ada'), await signed('rsa')];
    for (let seed = 1; seed <= 400; seed++) {
      const random = createRandom(seed);
      const original = random.pick(originals);
      const { text, block } = parts(original);
      const end = text.indexOf(block) + block.length;
      // Outside of the signature, whose armor and unsigned fields have more than one form.
      const at = random.chance(0.5) ? random.int(text.indexOf('gpgsig')) : end + random.int(text.length - end);
      const bytes = Buffer.from(original);
      const edited = random.pick([
        () =>
          Buffer.concat([
            bytes.subarray(0, at),
            Buffer.from([(bytes[at] ?? 0) ^ (1 << random.int(8))]),
            bytes.subarray(at + 1),
          ]),
        () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
        () => Buffer.concat([bytes.subarray(0, at), Buffer.from('x'), bytes.subarray(at)]),
      ])();
      expect({ seed, ours: typeof (await judge(edited)) }).toEqual({ seed, ours: 'string' });
    }
  });
});

it('the OpenPGP library is loaded for OpenPGP signatures only', async () => {
  const raw = await signed('ada');
  const file = await bench.file('raw', raw);
  const here = new URL('../../../agent/trust/create-verifier.ts', import.meta.url).href;
  const script = `
    import { readFileSync } from 'node:fs';
    const { createVerifier } = await import(${JSON.stringify(here)});
    const raw = readFileSync(${JSON.stringify(file)});
    const verifier = createVerifier({ openpgpKeyring: ${JSON.stringify(ring)}, allowedSigners: '/dev/null', now: () => new Date() });
    const { registerHooks } = await import('node:module');
    const seen = [];
    registerHooks({ resolve(name, context, next) { seen.push(name); return next(name, context); } });
    const ssh = Buffer.from(raw.toString('latin1').replaceAll('PGP', 'SSH'), 'latin1');
    const { createHash } = await import('node:crypto');
    const id = (bytes) => createHash('sha1').update('commit ' + bytes.length + '\\0').update(bytes).digest('hex');
    await verifier.commit(id(ssh), ssh).catch(() => {});
    const afterSsh = seen.includes('openpgp');
    await verifier.commit(id(raw), raw);
    console.log(JSON.stringify({ afterSsh, afterPgp: seen.includes('openpgp') }));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stderr).not.toContain('Error');
  const { afterSsh, afterPgp } = JSON.parse(stdout) as { afterSsh: boolean; afterPgp: boolean };
  expect({ afterSsh, afterPgp }).toEqual({ afterSsh: false, afterPgp: true });
});
