// Signs Git objects the way people do (git, ssh-keygen, gpg) and, for what no program would make, by hand. Asks Git for its verdict.
import { execFile, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateSync } from 'node:zlib';
import { createVerifier, type VerifierOptions } from '../../../agent/trust/create-verifier.ts';
import { wireString } from '../../../agent/trust/ssh-wire.ts';
import type { Signer } from '../../../agent/trust/verifier.ts';
import { HoldfastError } from '../../../fleet/error.ts';

const run = promisify(execFile);

export interface Bench {
  readonly folder: string;
  readonly repository: string;
  git(...args: readonly string[]): Promise<string>;
  gpg(...args: readonly string[]): Promise<string>;
  /** Makes a key pair at `<folder>/<name>` and returns its public line. */
  sshKey(name: string, ...args: readonly string[]): Promise<string>;
  file(name: string, content: string | Uint8Array): Promise<string>;
  raw(oid: string, kind?: 'commit' | 'tag'): Promise<Buffer>;
  /** Stores any bytes as an object, as `git hash-object -w --literally` does. */
  store(raw: Uint8Array, kind?: 'commit' | 'tag'): Promise<string>;
  /** Git's verdict on a stored object. */
  gitAccepts(oid: string, options: { kind?: 'commit' | 'tag'; allowedSigners?: string }): Promise<boolean>;
  close(): Promise<void>;
}

export async function makeBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'trust-'));
  const repository = join(folder, 'fleet');
  const gnupg = join(folder, 'gnupg');
  await mkdir(repository);
  await mkdir(gnupg, { mode: 0o700 });
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GNUPGHOME: gnupg,
    GIT_CONFIG_NOSYSTEM: '1',
    LC_ALL: 'C.UTF-8',
    ...(process.env.TZ === undefined ? {} : { TZ: process.env.TZ }),
  };
  const git = async (...args: readonly string[]) =>
    (await run('git', ['-C', repository, ...args], { env: { ...env, ...timeZone() } })).stdout.trim();
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'user.name', 'Ada');
  await git('config', 'user.email', 'ada@example.com');
  return {
    folder,
    repository,
    git,
    async gpg(...args) {
      const home = ['--batch', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', ''];
      return (await run('gpg', [...home, ...args], { env, encoding: 'buffer' })).stdout.toString('latin1');
    },
    async sshKey(name, ...args) {
      const file = join(folder, name);
      await run('ssh-keygen', ['-q', '-N', '', '-C', name, '-f', file, ...args], { env });
      const [type, key] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
      return `${type} ${key}`;
    },
    async file(name, content) {
      const file = join(folder, name);
      await writeFile(file, content);
      return file;
    },
    raw: (oid, kind = 'commit') => rawOf(['-C', repository, 'cat-file', kind, oid], env),
    async store(raw, kind = 'commit') {
      const bytes = Buffer.concat([Buffer.from(`${kind} ${raw.length}\0`), raw]);
      const oid = createHash('sha1').update(bytes).digest('hex');
      const into = join(repository, '.git', 'objects', oid.slice(0, 2));
      await mkdir(into, { recursive: true });
      // Two cases may be the same object: no reader may see half of it.
      const half = join(into, randomUUID());
      await writeFile(half, deflateSync(bytes));
      await rename(half, join(into, oid.slice(2)));
      return oid;
    },
    async gitAccepts(oid, { kind = 'commit', allowedSigners }) {
      const format = allowedSigners === undefined ? [] : ['-c', `gpg.ssh.allowedSignersFile=${allowedSigners}`];
      try {
        await git(...format, `verify-${kind}`, oid);
        return true;
      } catch (error) {
        if (error instanceof Error && 'code' in error && typeof error.code === 'number') return false;
        throw error;
      }
    },
    async close() {
      await run('gpgconf', ['--kill', 'all'], { env });
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function timeZone(): { TZ?: string } {
  return process.env.TZ === undefined ? {} : { TZ: process.env.TZ };
}

/** Byte for byte: no trimming, no decoding. */
async function rawOf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Buffer> {
  const child = spawn('git', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The signer, or the words of the refusal; anything else that is thrown fails the test. */
export async function verdict(judge: Promise<Signer>): Promise<Signer | string> {
  try {
    return await judge;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'VerificationError') return error.message;
    throw error;
  }
}

export function commitVerdict(options: Omit<VerifierOptions, 'now'>, raw: Uint8Array): Promise<Signer | string> {
  return verdict(createVerifier({ ...options, now: () => new Date() }).commit(idOf(raw), raw));
}

export function idOf(raw: Uint8Array): string {
  return createHash('sha1').update(`commit ${raw.length}\0`).update(raw).digest('hex');
}

// By hand.

export interface HandKey {
  readonly type: string;
  readonly blob: Buffer;
  /** As in a key file. */
  readonly line: string;
  sign(data: Buffer): Buffer;
}

export interface HandSigning {
  readonly magic?: string;
  readonly version?: number;
  readonly namespace?: string;
  readonly reserved?: string;
  readonly hash?: string;
  readonly trailing?: string;
}

/** An armored SSH signature. What is not given is right. */
export function signByHand(key: HandKey, payload: Uint8Array, given: HandSigning = {}): string {
  const { magic = 'SSHSIG', version = 1, namespace = 'git', reserved = '', hash = 'sha512', trailing = '' } = given;
  const digest = createHash(hash).update(payload).digest();
  const signed = Buffer.concat([Buffer.from(magic), ...[namespace, '', hash, digest].map(wireString)]);
  const blob = Buffer.concat([
    Buffer.from(magic),
    uint32(version),
    ...[key.blob, namespace, reserved, hash, key.sign(signed)].map(wireString),
    Buffer.from(trailing),
  ]);
  return armor(blob);
}

export function armor(blob: Buffer): string {
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}

export function dearmor(armored: string): Buffer {
  return Buffer.from(armored.split('\n').slice(1, -2).join(''), 'base64');
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function ed25519Key(): HandKey {
  const { point, privateKey } = ed25519Pair();
  return handKey('ssh-ed25519', [point], (data) => [sign(null, data, privateKey)]);
}

/** A security key: `flags` is what it says about its user. */
export function ed25519SkKey(flags = 0x01, application = 'ssh:'): HandKey {
  const { point, privateKey } = ed25519Pair();
  return handKey(
    'sk-ssh-ed25519@openssh.com',
    [point, application],
    (data) => [sign(null, securityKeyBytes(application, flags, data), privateKey)],
    Buffer.concat([Buffer.from([flags]), uint32(7)]),
  );
}

export function ecdsaSkKey(flags = 0x01, application = 'ssh:'): HandKey {
  const { point, privateKey } = ecdsaPair('P-256');
  return handKey(
    'sk-ecdsa-sha2-nistp256@openssh.com',
    ['nistp256', point, application],
    (data) => [ecdsaNumbers(sign('sha256', securityKeyBytes(application, flags, data), p1363(privateKey)))],
    Buffer.concat([Buffer.from([flags]), uint32(7)]),
  );
}

export function ecdsaKey(): HandKey {
  const { point, privateKey } = ecdsaPair('P-256');
  return handKey('ecdsa-sha2-nistp256', ['nistp256', point], (data) => [
    ecdsaNumbers(sign('sha256', data, p1363(privateKey))),
  ]);
}

export function rsaKey(bits: number, algorithm: 'rsa-sha2-256' | 'rsa-sha2-512' | 'ssh-rsa'): HandKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const hash = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512', 'ssh-rsa': 'sha1' }[algorithm];
  const numbers = [e, n].map((number) => mpint(Buffer.from(number, 'base64url')));
  return { ...handKey('ssh-rsa', numbers, (data) => [sign(hash, data, privateKey)], undefined, algorithm) };
}

function handKey(
  type: string,
  fields: readonly (Buffer | string)[],
  parts: (data: Buffer) => readonly Buffer[],
  after = Buffer.alloc(0),
  algorithm = type,
): HandKey {
  const blob = Buffer.concat([type, ...fields].map(wireString));
  return {
    type,
    blob,
    line: `${type} ${blob.toString('base64')}`,
    sign: (data) => Buffer.concat([...[algorithm, ...parts(data)].map(wireString), after]),
  };
}

function ed25519Pair(): { point: Buffer; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { point: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'), privateKey };
}

function ecdsaPair(namedCurve: string): { point: Buffer; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return {
    point: Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]),
    privateKey,
  };
}

function p1363(key: KeyObject) {
  return { key, dsaEncoding: 'ieee-p1363' } as const;
}

function ecdsaNumbers(signature: Buffer): Buffer {
  const half = signature.length / 2;
  return Buffer.concat([signature.subarray(0, half), signature.subarray(half)].map(mpint).map(wireString));
}

export function mpint(bytes: Buffer): Buffer {
  const from = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(from);
  return (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), short]) : short;
}

function securityKeyBytes(application: string, flags: number, data: Buffer): Buffer {
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();
  return Buffer.concat([sha256(application), Buffer.from([flags]), uint32(7), sha256(data)]);
}

/** A commit object with an armored signature as its last header. */
export function withSignature(payload: Buffer, armored: string): Buffer {
  const end = payload.indexOf('\n\n') + 1;
  return Buffer.concat([payload.subarray(0, end), Buffer.from(asHeader(armored)), payload.subarray(end)]);
}

/** The `gpgsig` header's lines. */
export function asHeader(armored: string, name = 'gpgsig'): string {
  return `${name} ${armored.replace(/\n$/, '').replaceAll('\n', '\n ')}\n`;
}

export function commitText({ time = 1_780_000_000, headers = '', message = 'Say hello\n' } = {}): Buffer {
  const identity = `Ada <ada@example.com> ${time} +0200`;
  const tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
  return Buffer.from(`tree ${tree}\nauthor ${identity}\ncommitter ${identity}\n${headers}\n${message}`);
}

/** Every commit from here on is signed by alice, whom the file `allowed` allows. */
export async function signAsAlice({ folder, git, file, sshKey }: Bench): Promise<void> {
  await file('allowed', `alice@example.com ${await sshKey('alice', '-t', 'ed25519')}\n`);
  for (const [key, value] of [
    ['gpg.format', 'ssh'],
    ['user.signingkey', join(folder, 'alice')],
    ['commit.gpgsign', 'true'],
  ] as const)
    await git('config', key, value);
}
