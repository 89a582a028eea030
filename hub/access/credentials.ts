// Secrets that the hub gives out once and keeps only as hashes. Each holds 256 random bits, so a fast hash is enough: what
// cannot be guessed in the clear cannot be guessed from its hash, and ten thousand devices can reconnect at once.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
/** Twelve, as Mosquitto's own tool makes them; ASCII, since EMQX keeps salts as text. */
const SALT_BYTES = 9;
const TOKEN_PREFIX = 'hft_';

/** At rest: SHA-512 over password and salt, which Mosquitto (`$6$`) and EMQX (`sha512`, suffix) check as well. */
export interface PasswordHash {
  readonly salt: string;
  /** Hex. */
  readonly hash: string;
}

/** Begins with `hft_`, so that scanners of repositories and logs know it. */
export function newToken(): string {
  return TOKEN_PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
}

export function isToken(text: string): boolean {
  return /^hft_[\w-]{43}$/.test(text);
}

/** For tokens and sessions: hex, and the key under which they are found again. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function hashPassword(
  password: string,
  salt: string = randomBytes(SALT_BYTES).toString('base64url'),
): PasswordHash {
  return { salt, hash: createHash('sha512').update(password).update(salt).digest('hex') };
}

export function isPassword(given: string, { salt, hash }: PasswordHash): boolean {
  const expected = Buffer.from(hash, 'hex');
  const actual = Buffer.from(hashPassword(given, salt).hash, 'hex');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
