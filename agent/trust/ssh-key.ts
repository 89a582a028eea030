// SSH public keys: which kinds are known, their fingerprint, and whether a key made a signature. Pure but for node:crypto.
// Source: RFC 4253 6.6, RFC 5656, RFC 8332, RFC 8709, OpenSSH PROTOCOL.u2f. Certificates and DSA are not known.
import { createHash, createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { Refusal } from './refusal.ts';
import { WireBroken, WireReader } from './ssh-wire.ts';

export interface SshKey {
  /** As in the key file: ssh-ed25519. */
  readonly type: string;
  /** For people: ED25519. */
  readonly label: string;
  readonly blob: Buffer;
  /** SHA256:… */
  readonly fingerprint: string;
  /** Of OpenSSH's signature blob over `data`. Throws `Refusal` or `WireBroken` for what is not a signature of this kind of key. */
  verify(data: Buffer, signature: Buffer): boolean;
}

interface Kind {
  readonly label: string;
  /** Reads what follows the type. */
  readonly read: (reader: WireReader) => SshKey['verify'];
}

/** OpenSSL and OpenSSH stop at the larger one; keys below the smaller one can be broken. */
const RSA_BITS = { least: 2048, most: 16_384 };
const ED25519_BYTES = { key: 32, signature: 64 };
/** Set in the signature when the person touched the security key (OpenSSH PROTOCOL.u2f). */
const USER_PRESENT = 0x01;

const CURVES = {
  nistp256: { crv: 'P-256', bytes: 32, hash: 'sha256' },
  nistp384: { crv: 'P-384', bytes: 48, hash: 'sha384' },
  nistp521: { crv: 'P-521', bytes: 66, hash: 'sha512' },
} as const;
type Curve = keyof typeof CURVES;

const KINDS: Readonly<Record<string, Kind>> = {
  'ssh-ed25519': { label: 'ED25519', read: readEd25519 },
  'ssh-rsa': { label: 'RSA', read: readRsa },
  'ecdsa-sha2-nistp256': { label: 'ECDSA', read: (reader) => readEcdsa(reader, 'nistp256') },
  'ecdsa-sha2-nistp384': { label: 'ECDSA', read: (reader) => readEcdsa(reader, 'nistp384') },
  'ecdsa-sha2-nistp521': { label: 'ECDSA', read: (reader) => readEcdsa(reader, 'nistp521') },
  'sk-ssh-ed25519@openssh.com': { label: 'ED25519-SK', read: readEd25519Sk },
  'sk-ecdsa-sha2-nistp256@openssh.com': { label: 'ECDSA-SK', read: readEcdsaSk },
};

/** Null: a kind of key that is not known here. Throws `WireBroken` when a key of a known kind is malformed. */
export function parseSshKey(blob: Buffer): SshKey | null {
  const reader = new WireReader(blob);
  const type = reader.name();
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (kind === undefined) return null;
  const verifies = kind.read(reader);
  reader.end();
  return { type, label: kind.label, blob, fingerprint: fingerprintOf(blob), verify: verifies };
}

export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function readEd25519(reader: WireReader): SshKey['verify'] {
  const key = ed25519Key(reader);
  return (data, signature) => {
    const { body } = signatureOf(signature, ['ssh-ed25519']);
    return body.length === ED25519_BYTES.signature && check(null, data, key, body);
  };
}

function readRsa(reader: WireReader): SshKey['verify'] {
  const exponent = reader.number();
  const modulus = reader.number();
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  return (data, signature) => {
    if (bits < RSA_BITS.least || bits > RSA_BITS.most)
      throw new Refusal(`is signed with an RSA key of ${bits} bits; at least ${RSA_BITS.least} are asked for`);
    const { algorithm, body } = signatureOf(signature, ['rsa-sha2-256', 'rsa-sha2-512']);
    if (body.length > modulus.length) return false;
    // Some agents leave leading zeros out.
    const padded = Buffer.concat([Buffer.alloc(modulus.length - body.length), body]);
    const hash = algorithm === 'rsa-sha2-256' ? 'sha256' : 'sha512';
    return check(hash, data, { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) }, padded);
  };
}

function readEcdsa(reader: WireReader, curve: Curve): SshKey['verify'] {
  const key = ecdsaKey(reader, curve);
  return (data, signature) => {
    const { body } = signatureOf(signature, [`ecdsa-sha2-${curve}`]);
    return check(CURVES[curve].hash, data, key, fixedWidth(body, CURVES[curve].bytes));
  };
}

function readEd25519Sk(reader: WireReader): SshKey['verify'] {
  const key = ed25519Key(reader);
  const application = reader.name();
  return (data, signature) => {
    const { body, signed } = securityKeySignatureOf(signature, 'sk-ssh-ed25519@openssh.com', application, data);
    return body.length === ED25519_BYTES.signature && check(null, signed, key, body);
  };
}

function readEcdsaSk(reader: WireReader): SshKey['verify'] {
  const key = ecdsaKey(reader, 'nistp256');
  const application = reader.name();
  return (data, signature) => {
    const name = 'sk-ecdsa-sha2-nistp256@openssh.com';
    const { body, signed } = securityKeySignatureOf(signature, name, application, data);
    return check('sha256', signed, key, fixedWidth(body, CURVES.nistp256.bytes));
  };
}

function ed25519Key(reader: WireReader): JsonWebKey {
  const point = reader.string();
  if (point.length !== ED25519_BYTES.key) throw new WireBroken('its key has a wrong length');
  return { kty: 'OKP', crv: 'Ed25519', x: base64url(point) };
}

function ecdsaKey(reader: WireReader, curve: Curve): JsonWebKey {
  const { crv, bytes } = CURVES[curve];
  if (reader.name() !== curve) throw new WireBroken('its curve is not that of its type');
  const point = reader.string();
  if (point.length !== 1 + 2 * bytes || point[0] !== 0x04) throw new WireBroken('its point is not an uncompressed one');
  return { kty: 'EC', crv, x: base64url(point.subarray(1, 1 + bytes)), y: base64url(point.subarray(1 + bytes)) };
}

function signatureOf(signature: Buffer, algorithms: readonly string[]): { algorithm: string; body: Buffer } {
  const reader = new WireReader(signature);
  const algorithm = algorithmOf(reader, algorithms);
  const body = reader.string();
  reader.end();
  return { algorithm, body };
}

function algorithmOf(reader: WireReader, algorithms: readonly string[]): string {
  const algorithm = reader.name();
  if (!algorithms.includes(algorithm))
    throw new Refusal(
      `is signed with ${algorithm.slice(0, 40)}, which is not accepted for its key (${algorithms.join(', ')})`,
    );
  return algorithm;
}

/** What a security key signs: hash of the application, flags, counter, hash of the data. */
function securityKeySignatureOf(signature: Buffer, algorithm: string, application: string, data: Buffer) {
  const reader = new WireReader(signature);
  algorithmOf(reader, [algorithm]);
  const body = reader.string();
  const state = reader.take(5);
  reader.end();
  if (((state[0] ?? 0) & USER_PRESENT) === 0)
    throw new Refusal('is signed by a security key that nobody touched; make the key without no-touch-required');
  return { body, signed: Buffer.concat([sha256(Buffer.from(application, 'latin1')), state, sha256(data)]) };
}

/** Two SSH numbers as r and s of equal width, as IEEE P1363 has them. */
function fixedWidth(body: Buffer, width: number): Buffer {
  const reader = new WireReader(body);
  const numbers = [reader.number(), reader.number()];
  reader.end();
  return Buffer.concat(
    numbers.map((number) => {
      if (number.length > width) throw new WireBroken('a number in it is too long');
      return Buffer.concat([Buffer.alloc(width - number.length), number]);
    }),
  );
}

function check(hash: string | null, data: Buffer, jwk: JsonWebKey, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch (error) {
    // OpenSSL throws for a point off its curve and for an impossible modulus: no such key has signed anything.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function base64url(bytes: Buffer): string {
  return bytes.toString('base64url');
}
