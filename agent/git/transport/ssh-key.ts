// The private key of source.auth.ssh_key_file, read for each new connection, so that rotating the file is enough.
// What is in it never reaches a message; a passphrase is never asked for.
import { createPrivateKey } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { HoldfastError } from '../../../fleet/error.ts';
import { readPem } from '../../host/secret.ts';
import { readable } from '../credentials.ts';

const SETTING = 'source.auth.ssh_key_file';
/** Group and others. */
const NOT_OURS = 0o077;

/** Throws `GitAuthentication` naming the setting and the file. */
export async function readSshKey(file: string): Promise<ParsedKey> {
  const text = (await readable(readPem(SETTING, file))).trim();
  await refuseIfShared(file);
  const { utils } = (await import('ssh2')).default;
  const parsed: unknown = utils.parseKey(legacyPem(text, file));
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (first instanceof Error || !isKey(first)) {
    const said = first instanceof Error ? first.message : '';
    if (/encrypted|passphrase/i.test(said)) throw encrypted(file);
    throw unusable(file, 'it holds no private key that can be read. Make one with "ssh-keygen -t ed25519".');
  }
  if (!first.isPrivateKey()) throw unusable(file, 'it holds a public key. Name the private one, without ".pub".');
  if (first.type === 'ssh-dss')
    throw unusable(file, 'DSA keys are not safe any more. Make a new one with "ssh-keygen -t ed25519".');
  return withoutSha1(first);
}

/** As ssh does: what others can read or replace is no secret. */
async function refuseIfShared(file: string): Promise<void> {
  // A file that went away since it was read is found missing at the next connection.
  const found = await stat(file).catch(() => null);
  if (found === null || found.uid !== process.getuid?.() || (found.mode & NOT_OURS) === 0) return;
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  throw unusable(file, `its mode ${mode} lets others read it. Run "chmod 600 ${file}".`);
}

/** PKCS#8, which ssh2 does not read, in the older form that it does. */
function legacyPem(text: string, file: string): string {
  if (text.startsWith('-----BEGIN ENCRYPTED PRIVATE KEY-----')) throw encrypted(file);
  if (!text.startsWith('-----BEGIN PRIVATE KEY-----')) return text;
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString();
    if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' }).toString();
  } catch {
    // What is not a key there is not one below either.
  }
  return text;
}

/** ssh2 falls back to SHA-1 for an RSA key when the server names no other: it then cannot sign. */
function withoutSha1(key: ParsedKey): ParsedKey {
  if (key.type !== 'ssh-rsa') return key;
  const sign = key.sign.bind(key);
  return Object.assign(key, {
    sign: (data: Buffer | string, hash?: string) =>
      hash === 'sha256' || hash === 'sha512'
        ? sign(data, hash)
        : new Error('the server takes RSA keys with SHA-1 only. Use an ed25519 key'),
  });
}

function isKey(value: unknown): value is ParsedKey {
  return typeof value === 'object' && value !== null && 'isPrivateKey' in value && 'getPublicSSH' in value;
}

function encrypted(file: string): HoldfastError {
  return unusable(
    file,
    'it is protected by a passphrase, which the agent cannot ask for. Use a key without one, made for this device alone.',
  );
}

function unusable(file: string, why: string): HoldfastError {
  return new HoldfastError('GitAuthentication', `${SETTING}: ${file} cannot be used: ${why}`);
}
