// The public keys of `policy.images.cosign_keys`: PEM files, read at each use, so that replacing one is enough.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HoldfastError } from '../../fleet/error.ts';

export interface TrustedKey {
  /** `SHA256:…` over the key itself; the same wherever the file lies. */
  readonly id: string;
  /** Does the signature fit the bytes? */
  fits(bytes: Buffer, signature: Buffer): boolean;
}

const KEY_BYTES = 64 * 1024;
const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** Throws `VerificationError` naming the file that cannot be used: then nobody is trusted. */
export async function readKeys(files: readonly string[]): Promise<TrustedKey[]> {
  return (await Promise.all(files.map(readKeyFile))).flat();
}

async function readKeyFile(file: string): Promise<TrustedKey[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unusable(file, error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read');
  });
  if (text.length > KEY_BYTES) throw unusable(file, 'it is too large for a key');
  const blocks = text.match(PUBLIC_KEY) ?? [];
  if (blocks.length === 0)
    throw unusable(file, 'it holds no PEM public key, as "cosign generate-key-pair" writes to cosign.pub');
  return blocks.map((pem) => trustedKey(pem, file));
}

function trustedKey(pem: string, file: string): TrustedKey {
  const key = keyOf(pem, file);
  // Cosign signs the bytes themselves with Ed25519, their SHA-256 with the others.
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const der = key.export({ type: 'spki', format: 'der' });
  return {
    id: `SHA256:${createHash('sha256').update(der).digest('base64url')}`,
    fits(bytes, signature) {
      try {
        return verify(algorithm, bytes, key, signature);
      } catch {
        // A signature that is none fits nothing.
        return false;
      }
    },
  };
}

function keyOf(pem: string, file: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw unusable(file, 'its key is damaged');
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519' || (type === 'ec' && /^(prime256v1|secp384r1|secp521r1)$/.test(details?.namedCurve ?? '')))
    return key;
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS) return key;
  throw unusable(
    file,
    `keys of this kind (${type}) are not supported; use ECDSA P-256, Ed25519 or RSA from ${MIN_RSA_BITS} bits`,
  );
}

const MIN_RSA_BITS = 2048;

function unusable(file: string, why: string): HoldfastError {
  return new HoldfastError(
    'VerificationError',
    `policy.images.cosign_keys: ${file} cannot be used (${why}); until it can, no image is trusted.`,
  );
}
