import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier } from '../../../agent/trust/create-verifier.ts';
import {
  armor,
  type Bench,
  commitText,
  commitVerdict,
  dearmor,
  ecdsaSkKey,
  ed25519Key,
  ed25519SkKey,
  type HandKey,
  idOf,
  makeBench,
  rsaKey,
  signByHand,
  verdict,
  withSignature,
} from './signing.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});
afterAll(() => bench.close());

const NOW = () => new Date();

/** A signed commit and a signed tag on it, made by Git with the key of that name. */
async function signedByGit(name: string): Promise<{ oid: string; raw: Buffer; tag: Buffer }> {
  const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${join(bench.folder, name)}`];
  await bench.git(...signing, 'commit', '--quiet', '--allow-empty', '-S', '-m', `By ${name}\n\nGrüße.`);
  await bench.git(...signing, 'tag', '-s', '-m', 'First', `v-${name}`);
  const oid = await bench.git('rev-parse', 'HEAD');
  return { oid, raw: await bench.raw(oid), tag: await bench.raw(`v-${name}`, 'tag') };
}

describe('what people sign with ssh-keygen', () => {
  it.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ecdsa-256', ['-t', 'ecdsa', '-b', '256']],
    ['ecdsa-384', ['-t', 'ecdsa', '-b', '384']],
    ['ecdsa-521', ['-t', 'ecdsa', '-b', '521']],
    ['rsa-2048', ['-t', 'rsa', '-b', '2048']],
    ['rsa-4096', ['-t', 'rsa', '-b', '4096']],
  ])(
    'a commit and a tag by a key of kind %s are accepted, and nothing that was changed in them',
    async (name, args) => {
      const key = await bench.sshKey(name, ...args);
      const { oid, raw, tag } = await signedByGit(name);
      const allowedSigners = await bench.file('allowed', `ada@example.com namespaces="git" ${key}\n`);
      const verifier = createVerifier({ allowedSigners, now: NOW });
      const signer = await verifier.commit(oid, raw);
      expect(signer).toEqual({ name: 'ada@example.com', key: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/) });
      expect(await bench.gitAccepts(oid, { allowedSigners })).toBe(true);
      expect(await verifier.tag(tag, `v-${name}`, oid)).toEqual(signer);

      const changed = Buffer.from(raw.toString('latin1').replace('By ', 'by '), 'latin1');
      expect(await commitVerdict({ allowedSigners }, changed)).toContain('has a bad signature');
      const changedTag = Buffer.from(tag.toString('latin1').replace('First', 'first'), 'latin1');
      expect(await verdict(verifier.tag(changedTag, `v-${name}`, oid))).toContain('has a bad signature');
    },
  );

  it('a merge of a signed tag is accepted', async () => {
    const key = await bench.sshKey('merger', '-t', 'ed25519');
    const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${join(bench.folder, 'merger')}`];
    await bench.git(...signing, 'commit', '--quiet', '--allow-empty', '-S', '-m', 'base');
    await bench.git('checkout', '--quiet', '-b', 'side');
    await bench.git(...signing, 'commit', '--quiet', '--allow-empty', '-S', '-m', 'side');
    await bench.git(...signing, 'tag', '-s', '-m', 'Side', 'side-1');
    await bench.git('checkout', '--quiet', 'main');
    await bench.git(...signing, 'commit', '--quiet', '--allow-empty', '-S', '-m', 'main');
    await bench.git(...signing, 'merge', '--quiet', '-S', '--no-edit', 'side-1');
    const raw = await bench.raw('HEAD');
    expect(raw.toString()).toContain('\nmergetag object ');
    const allowedSigners = await bench.file('merger.allowed', `* ${key}\n`);
    expect(await commitVerdict({ allowedSigners }, raw)).toMatchObject({ name: '*' });
  });
});

const SECURITY_KEYS: readonly (readonly [string, (flags: number) => HandKey])[] = [
  ['Ed25519', ed25519SkKey],
  ['ECDSA', ecdsaSkKey],
];

describe.each(SECURITY_KEYS)('a security key of kind %s', (_, make) => {
  it('is accepted when its user was there', async () => {
    const key = make(0x01);
    const payload = commitText();
    const raw = withSignature(payload, signByHand(key, payload));
    const allowedSigners = await bench.file('sk.allowed', `ada ${key.line}\n`);
    expect(await commitVerdict({ allowedSigners }, raw)).toMatchObject({ name: 'ada' });
    expect(await bench.gitAccepts(await bench.store(raw), { allowedSigners })).toBe(true);
  });

  it('is refused when nobody touched it', async () => {
    const key = make(0x00);
    const payload = commitText();
    const allowedSigners = await bench.file('sk.allowed', `ada ${key.line}\n`);
    const said = await commitVerdict({ allowedSigners }, withSignature(payload, signByHand(key, payload)));
    expect(said).toContain('that nobody touched');
  });
});

describe('what is refused, and in which words', () => {
  const key = ed25519Key();
  const payload = commitText();
  const signed = (given: Parameters<typeof signByHand>[2]) => withSignature(payload, signByHand(key, payload, given));
  const id = (raw: Buffer) => idOf(raw).slice(0, 8);

  it.each([
    ['an unsigned commit', payload, 'is not signed; verify is on in agent.yaml'],
    ['a signature for files', signed({ namespace: 'file' }), 'has a signature made for "file", not for git'],
    ['another version', signed({ version: 2 }), 'its version is not 1'],
    ['an older version', signed({ version: 0 }), 'its version is not 1'],
    ['bytes in the reserved field', signed({ reserved: 'x' }), 'its reserved field is not empty'],
    ['a weak hash', signed({ hash: 'sha1' }), 'is signed over sha1'],
    ['bytes after the signature', signed({ trailing: 'x' }), 'it has more than belongs into it'],
    ['another magic', signed({ magic: 'SSHSIH' }), 'it does not begin with SSHSIG'],
    [
      'an armor that ends early',
      withSignature(payload, signByHand(key, payload).slice(0, -40)),
      'whose armor is damaged',
    ],
    ['text after the armor', withSignature(payload, `${signByHand(key, payload)}more\n`), 'whose armor is damaged'],
    [
      'an X.509 signature',
      withSignature(payload, '-----BEGIN SIGNED MESSAGE-----\nAAAA\n'),
      'neither an SSH nor an OpenPGP',
    ],
  ])('%s', async (_, raw, said) => {
    const allowedSigners = await bench.file('ada.allowed', `ada ${key.line}\n`);
    const words = await commitVerdict({ allowedSigners }, raw);
    expect(words).toContain(`commit ${id(raw)} `);
    expect(words).toContain(said);
  });

  it('a key that no line allows is named with its fingerprint and the file', async () => {
    const allowedSigners = await bench.file('other.allowed', `ada ${ed25519Key().line}\n`);
    expect(await commitVerdict({ allowedSigners }, signed({}))).toMatch(
      /^commit [0-9a-f]{8} is signed by SHA256:\S{43} \(ED25519\), which no line of \S+other\.allowed allows for namespace git$/,
    );
  });

  it('a key that is no longer allowed is refused with its limit', async () => {
    const allowedSigners = await bench.file('late.allowed', `ada valid-before="20200101Z" ${key.line}\n`);
    expect(await commitVerdict({ allowedSigners }, signed({}))).toContain(
      'allowed only until 20200101Z; the commit or tag is of 2026-',
    );
  });

  it.each(['ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512'] as const)(
    'RSA with %s: SHA-1 never, SHA-2 always',
    async (algorithm) => {
      const rsa = rsaKey(2048, algorithm);
      const allowedSigners = await bench.file('rsa.allowed', `ada ${rsa.line}\n`);
      const raw = withSignature(payload, signByHand(rsa, payload));
      const ours = await commitVerdict({ allowedSigners }, raw);
      const accepted = algorithm !== 'ssh-rsa';
      if (accepted) expect(ours).toMatchObject({ name: 'ada' });
      else expect(ours).toContain('is signed with ssh-rsa, which is not accepted for its key');
      expect(await bench.gitAccepts(await bench.store(raw), { allowedSigners })).toBe(accepted);
    },
  );

  it('a short RSA key is refused even when it is allowed', async () => {
    const rsa = rsaKey(1536, 'rsa-sha2-512');
    const allowedSigners = await bench.file('short.allowed', `ada ${rsa.line}\n`);
    const words = await commitVerdict({ allowedSigners }, withSignature(payload, signByHand(rsa, payload)));
    expect(words).toContain('RSA key of 1536 bits; at least 2048');
  });

  it('a certificate is refused', async () => {
    await bench.sshKey('authority', '-t', 'ed25519');
    await bench.sshKey('certified', '-t', 'ed25519');
    const at = (name: string) => join(bench.folder, name);
    execFileSync('ssh-keygen', ['-q', '-s', at('authority'), '-I', 'ada', '-n', 'ada', `${at('certified')}.pub`]);
    const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${at('certified-cert.pub')}`];
    await bench.git(...signing, 'commit', '--quiet', '--allow-empty', '-S', '-m', 'certified');
    const authority = readFileSync(`${at('authority')}.pub`, 'utf8');
    const allowedSigners = await bench.file('authority.allowed', `ada cert-authority ${authority}`);
    const words = await commitVerdict({ allowedSigners }, await bench.raw('HEAD'));
    expect(words).toContain('is signed with a certificate (ssh-ed25519-cert-v01@openssh.com); sign with the plain key');
  });

  it('a file that is not there refuses everything and is named', async () => {
    const words = await commitVerdict({ allowedSigners: join(bench.folder, 'absent') }, signed({}));
    expect(words).toMatch(
      /^commit \S+ cannot be verified: \S+absent \(verify\.allowed_signers\) cannot be read \(ENOENT\)/,
    );
  });

  it('a broken line refuses everything and is named', async () => {
    const allowedSigners = await bench.file('broken.allowed', `ada ${key.line}\nbob ssh-ed25519 AAAA\n`);
    expect(await commitVerdict({ allowedSigners }, signed({}))).toContain('broken.allowed:2: its key cannot be read');
  });

  it('a signature whose kind is not configured says which setting is missing', async () => {
    expect(await commitVerdict({}, signed({}))).toContain('verify.allowed_signers is not configured');
    const pgp = withSignature(payload, '-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n');
    expect(await commitVerdict({ allowedSigners: 'x' }, pgp)).toContain('verify.openpgp_keyring is not configured');
  });

  it('a commit under the id of another is refused', async () => {
    const allowedSigners = await bench.file('ada.allowed', `ada ${key.line}\n`);
    const verifier = createVerifier({ allowedSigners, now: NOW });
    const raw = signed({});
    expect(await verifier.commit(idOf(raw), raw)).toMatchObject({ name: 'ada' });
    expect(await verdict(verifier.commit(idOf(payload), raw))).toContain(`is really ${id(raw)} by its content`);
  });

  it('replacing the file is enough', async () => {
    const allowedSigners = await bench.file('turning.allowed', `bob ${ed25519Key().line}\n`);
    const verifier = createVerifier({ allowedSigners, now: NOW });
    const raw = signed({});
    expect(await verdict(verifier.commit(idOf(raw), raw))).toContain('which no line of');
    await bench.file('turning.allowed', `ada ${key.line}\n`);
    expect(await verdict(verifier.commit(idOf(raw), raw))).toMatchObject({ name: 'ada' });
  });

  it('a commit of the very first second is judged by the time of now, as Git does', async () => {
    const early = commitText({ time: 0 });
    const raw = withSignature(early, signByHand(key, early));
    const allowedSigners = await bench.file('past.allowed', `ada valid-before="20200101Z" ${key.line}\n`);
    expect(await commitVerdict({ allowedSigners }, raw)).toContain('allowed only until');
    expect(await bench.gitAccepts(await bench.store(raw), { allowedSigners })).toBe(false);
  });

  it('the name of a signer cannot forge a log line', async () => {
    const allowedSigners = await bench.file('forged.allowed', `a\u202eb\u0085c ${key.line}\n`);
    expect(await commitVerdict({ allowedSigners }, signed({}))).toMatchObject({ name: 'a?b?c' });
  });
});

describe('tags', () => {
  const key = ed25519Key();
  const commit = '1'.repeat(40);
  const tagText = (given: { type?: string; name?: string; headers?: string; message?: string } = {}) => {
    const { type = 'commit', name = 'v1', headers = '', message = 'First\n' } = given;
    const tagger = 'tagger Ada <ada@example.com> 1780000000 +0000';
    return Buffer.from(`object ${commit}\ntype ${type}\ntag ${name}\n${tagger}\n${headers}\n${message}`);
  };
  const signedTag = (given: Parameters<typeof tagText>[0] = {}) => {
    const payload = tagText(given);
    return Buffer.concat([payload, Buffer.from(signByHand(key, payload))]);
  };
  const judge = async (raw: Buffer, name = 'v1', at = commit) => {
    const allowedSigners = await bench.file('tags.allowed', `ada ${key.line}\n`);
    return verdict(createVerifier({ allowedSigners, now: NOW }).tag(raw, name, at));
  };

  it('a good one is accepted', async () => {
    expect(await judge(signedTag())).toMatchObject({ name: 'ada' });
    expect(await judge(signedTag({ message: '' }))).toMatchObject({ name: 'ada' });
    expect(await judge(signedTag({ name: 'größe' }), 'größe')).toMatchObject({ name: 'ada' });
  });

  it.each([
    ['under another name', signedTag({ name: 'v2' }), 'is really called v2'],
    ['of a tag', signedTag({ type: 'tag' }), 'points to a tag; tag the commit itself'],
    ['with a header that Git does not write', signedTag({ headers: 'extra x\n' }), 'it has more headers than'],
    ['without a signature', tagText(), 'is not signed'],
    ['with two signatures', signedTag({ message: signByHand(key, tagText()) }), 'more than one signature'],
    [
      'with another kind of signature before it',
      signedTag({ message: '-----BEGIN PGP MESSAGE-----\n' }),
      'more than one signature',
    ],
    ['with text after its signature', Buffer.concat([signedTag(), Buffer.from('more\n')]), 'whose armor is damaged'],
  ])('one %s is refused', async (_, raw, said) => {
    const words = await judge(raw);
    expect(words).toContain('tag v1 ');
    expect(words).toContain(said);
  });

  it('one of another commit is refused', async () => {
    expect(await judge(signedTag(), 'v1', '2'.repeat(40))).toContain('points to commit 11111111, not to 22222222');
  });

  it('Git takes the last signature of two; we take none', async () => {
    const head = await bench.git('commit-tree', '-m', 'x', await bench.git('write-tree'));
    const inner = Buffer.from(tagText().toString().replace(commit, head));
    const payload = Buffer.concat([inner, Buffer.from(signByHand(key, inner))]);
    const raw = Buffer.concat([payload, Buffer.from(signByHand(key, payload))]);
    const allowedSigners = await bench.file('tags.allowed', `ada ${key.line}\n`);
    expect(await bench.gitAccepts(await bench.store(raw, 'tag'), { kind: 'tag', allowedSigners })).toBe(true);
    expect(await judge(raw, 'v1', head)).toContain('more than one signature');
  });
});

it('an armor survives a round trip in these tests', () => {
  const armored = signByHand(ed25519Key(), Buffer.from('x'));
  expect(armor(dearmor(armored))).toBe(armored);
});
