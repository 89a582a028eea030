// Verifies an OpenPGP signature against a key ring file. The library is loaded on the first call, so that a device that trusts SSH
// keys alone never pays for it. What Git refuses (expired or revoked keys, expired signatures) is refused; time is `now`, as in GnuPG.
import type { Key, PublicKey, Subkey } from 'openpgp';
import { readSignaturePacket } from './openpgp-packet.ts';
import { KeyFileBroken, printableText, Refusal } from './refusal.ts';
import type { Signer } from './verifier.ts';

type OpenPgp = typeof import('openpgp');

interface Signed {
  readonly armored: string;
  readonly payload: Buffer;
  readonly keyring: { readonly file: string; readonly bytes: Buffer };
  readonly now: Date;
}

interface Ring {
  readonly keys: readonly PublicKey[];
  /**
   * Fingerprints of keys and subkeys with any revocation, whatever its reason and its date, as in GnuPG. The ring is this host's own,
   * so nobody else put it there.
   */
  readonly revoked: ReadonlySet<string>;
}

/** A key with a longer validity has newer self-signatures than commits made before; what counts is that it is valid now. */
const CONFIG = { allowInsecureVerificationWithReformattedKeys: true };

const PUBLIC_BEGIN = /-----BEGIN PGP PUBLIC KEY BLOCK-----/g;
const PUBLIC_BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

/** Throws `Refusal`, and `KeyFileBroken` for the key ring. */
export async function verifyOpenPgp({ armored, payload, keyring, now }: Signed): Promise<Signer> {
  const binary = readSignaturePacket(armored);
  const pgp = await import('openpgp');
  const signature = await pgp.readSignature({ binarySignature: binary, config: CONFIG }).catch(refuseSignature);
  const [packet] = signature.packets;
  if (packet === undefined || packet.created === null) throw new Refusal('has an OpenPGP signature without a time');
  const { issuerKeyID } = packet;
  const shown = issuerKeyID.toHex().toUpperCase();
  const ring = await readRing(pgp, keyring);
  const holders = ring.keys.filter((key) => key.getKeys(issuerKeyID).length > 0);
  const [key] = holders;
  if (key === undefined) throw new Refusal(`is signed by OpenPGP key ${shown}, which ${keyring.file} does not hold`);
  if (holders.length > 1)
    throw new Refusal(`is signed by OpenPGP key ${shown}, which is in two keys of ${keyring.file}`);
  if (packet.created.getTime() > now.getTime())
    throw new Refusal(
      `is signed at ${packet.created.toISOString()}, which is in the future for this host; check its clock`,
    );
  const fingerprint = key.getFingerprint().toUpperCase();
  await checkKeys([key, ...key.getKeys(issuerKeyID)], ring.revoked, now).catch((error) =>
    refuseKey(error, fingerprint),
  );
  const message = await pgp.createMessage({ binary: payload });
  const given = { message, signature, verificationKeys: key, date: now, format: 'binary', config: CONFIG } as const;
  const { signatures } = await pgp.verify(given);
  const [verification] = signatures;
  if (verification === undefined || signatures.length !== 1) throw new Refusal('has not exactly one OpenPGP signature');
  await verification.verified.catch((error) => refuseKey(error, fingerprint));
  await key.getSigningKey(issuerKeyID, now, undefined).catch((error) => refuseKey(error, fingerprint));
  const { user } = await key.getPrimaryUser(now);
  return { name: printableText(user.userID?.userID ?? fingerprint), key: fingerprint };
}

/** What the library would let pass, or would say less well. */
async function checkKeys(used: readonly (Key | Subkey)[], revoked: Ring['revoked'], now: Date): Promise<void> {
  for (const each of used) {
    if (revoked.has(each.getFingerprint())) throw new Error('it is revoked');
    const expires = await each.getExpirationTime();
    if (expires instanceof Date && expires.getTime() <= now.getTime())
      throw new Error(`it expired at ${expires.toISOString()}`);
  }
}

/** Copies of one key are one key: a revocation or a longer validity in any of them counts. */
async function readRing(pgp: OpenPgp, keyring: Signed['keyring']): Promise<Ring> {
  const keys = await readKeys(pgp, keyring).catch((error: unknown) => {
    if (error instanceof KeyFileBroken) throw error;
    throw broken(keyring.file, `cannot be read as a key ring (${printableText(String(error))})`);
  });
  if (keys.length === 0) throw broken(keyring.file, 'holds no key');
  if (keys.some((key) => key.isPrivate()))
    throw broken(keyring.file, 'holds a private key, which no device should have');
  const revoked = new Set(
    keys
      .flatMap((key) => [key, ...key.subkeys])
      .filter(({ revocationSignatures }) => revocationSignatures.length > 0)
      .map((key) => key.getFingerprint()),
  );
  const merged = new Map<string, PublicKey>();
  for (const key of keys) {
    const known = merged.get(key.getFingerprint());
    merged.set(key.getFingerprint(), known === undefined ? key : await known.update(key));
  }
  return { keys: [...merged.values()], revoked };
}

async function readKeys(pgp: OpenPgp, { file, bytes }: Signed['keyring']): Promise<readonly PublicKey[]> {
  if (bytes.length === 0) return [];
  if (bytes.toString('latin1', 8, 12) === 'KBXf') throw broken(file, 'is a keybox of GnuPG');
  const text = bytes.toString('latin1');
  if (text.includes('-----BEGIN PGP PRIVATE KEY'))
    throw broken(file, 'holds a private key, which no device should have');
  if (!text.includes('-----BEGIN ')) return pgp.readKeys({ binaryKeys: bytes, config: CONFIG });
  const blocks = text.match(PUBLIC_BLOCK) ?? [];
  if (blocks.length !== text.match(PUBLIC_BEGIN)?.length) throw broken(file, 'has a key block that does not end');
  const keys = await Promise.all(blocks.map((armoredKeys) => pgp.readKeys({ armoredKeys, config: CONFIG })));
  return keys.flat();
}

function broken(file: string, why: string): KeyFileBroken {
  return new KeyFileBroken(`${file} ${why}. Write it with: gpg --export --armor KEY > ${file}`);
}

function refuseSignature(error: unknown): never {
  throw new Refusal(`has an OpenPGP signature that cannot be read (${reason(error)})`);
}

function refuseKey(error: unknown, fingerprint: string): never {
  throw new Refusal(`is not accepted as signed by OpenPGP key ${fingerprint}: ${reason(error)}`);
}

function reason(error: unknown): string {
  return printableText(error instanceof Error ? error.message : String(error));
}
