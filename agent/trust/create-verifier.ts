// Is a commit or a tag signed by someone that this host's own files allow? Reads those files at each use, so that replacing one is
// enough, and refuses whatever it cannot read. Accepts nothing that Git would refuse with the same files.
import { open } from 'node:fs/promises';
import { HoldfastError } from '../../fleet/error.ts';
import { idOf } from '../git/object.ts';
import { parseAllowedSigners } from './allowed-signers.ts';
import { verifyOpenPgp } from './openpgp.ts';
import { principalOf } from './permission.ts';
import { KeyFileBroken, printable, printableText, Refusal } from './refusal.ts';
import { parseCommit, parseTag, type SignedObject } from './signed-object.ts';
import { parseSshSignature } from './sshsig.ts';
import type { Signer, Verifier } from './verifier.ts';

export interface VerifierOptions {
  /** Path of an OpenSSH `allowed_signers` file. */
  readonly allowedSigners?: string;
  /** Path of exported OpenPGP keys, armored or binary. */
  readonly openpgpKeyring?: string;
  readonly now: () => Date;
}

const KEY_FILE_BYTES = 8 * 1024 * 1024;
const SHOWN_ID = 8;

export function createVerifier(options: VerifierOptions): Verifier {
  return {
    commit: (oid, raw) =>
      sayWhich(`commit ${printableText(oid.slice(0, SHOWN_ID))}`, async () => {
        checkId(oid, raw);
        return verify(options, parseCommit(raw));
      }),
    tag: (raw, name, commit) =>
      sayWhich(`tag ${printableText(name)}`, async () => {
        const tag = parseTag(raw);
        if (tag.name !== Buffer.from(name).toString('latin1'))
          throw new Refusal(`is really called ${printable(tag.name)}; someone may have moved an old tag`);
        if (tag.commit !== commit)
          throw new Refusal(`points to commit ${tag.commit.slice(0, SHOWN_ID)}, not to ${commit.slice(0, SHOWN_ID)}`);
        return verify(options, tag);
      }),
  };
}

function checkId(oid: string, raw: Uint8Array): void {
  if (!/^[0-9a-f]{40}$/.test(oid))
    throw new Refusal(
      'is from a repository with SHA-256 ids, whose signatures are not supported; use one with SHA-1 ids',
    );
  const id = idOf('commit', raw);
  if (id !== oid) throw new Refusal(`is really ${id.slice(0, SHOWN_ID)} by its content`);
}

async function verify(options: VerifierOptions, object: SignedObject): Promise<Signer> {
  const { signature } = object;
  if (signature.startsWith('-----BEGIN SSH SIGNATURE-----')) return verifySsh(options, object);
  if (signature.startsWith('-----BEGIN PGP SIGNATURE-----')) return verifyPgp(options, object);
  throw new Refusal('has a signature that is neither an SSH nor an OpenPGP one; sign with one of these');
}

async function verifySsh(options: VerifierOptions, object: SignedObject): Promise<Signer> {
  const file = options.allowedSigners;
  if (file === undefined) throw notConfigured('an SSH', 'allowed_signers');
  const { key, verify: isValid } = parseSshSignature(object.signature);
  const lines = parseAllowedSigners(await readKeyFile('allowed_signers', file), file);
  // Git takes a commit of 1970-01-01T00:00:00Z for one without a time.
  const timeMs = object.signedAtS === 0 ? options.now().getTime() : object.signedAtS * 1000;
  // First who, then whether: a stranger's key is never computed with.
  const name = principalOf(lines, key, timeMs, file);
  if (!isValid(object.payload))
    throw new Refusal(`has a bad signature: it was changed after ${key.fingerprint} (${key.label}) signed it`);
  return { name, key: key.fingerprint };
}

async function verifyPgp(options: VerifierOptions, object: SignedObject): Promise<Signer> {
  const file = options.openpgpKeyring;
  if (file === undefined) throw notConfigured('an OpenPGP', 'openpgp_keyring');
  const bytes = await readKeyFile('openpgp_keyring', file);
  const { signature: armored, payload } = object;
  return verifyOpenPgp({ armored, payload, keyring: { file, bytes }, now: options.now() });
}

function notConfigured(kind: string, key: string): Refusal {
  return new Refusal(
    `has ${kind} signature, but verify.${key} is not configured in agent.yaml, so nobody is trusted with one`,
  );
}

async function readKeyFile(key: string, file: string): Promise<Buffer> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    if (size > KEY_FILE_BYTES) throw new KeyFileBroken(`${file} (verify.${key}) has ${size} bytes, too many for it`);
    return await handle.readFile();
  } catch (error) {
    if (error instanceof KeyFileBroken) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new KeyFileBroken(`${file} (verify.${key}) cannot be read (${code}); until it can, nobody is trusted`);
  }
}

/** The one place where a refusal becomes an error of the product. Anything else is one too: doubt is never trust. */
async function sayWhich(what: string, judge: () => Promise<Signer>): Promise<Signer> {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof Refusal) throw new HoldfastError('VerificationError', `${what} ${error.message}`);
    const why = error instanceof Error ? error.message : String(error);
    throw new HoldfastError('VerificationError', `${what} cannot be verified: ${why}`, { cause: error });
  }
}
