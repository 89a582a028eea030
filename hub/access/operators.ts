// Gives tokens out, and finds out who asks. Owns lifetimes; what it keeps is in the store.
import type { Access, TokenRecord } from './access.ts';
import { hashSecret, isToken, newSecret, newToken } from './credentials.ts';
import type { Principal, Role } from './roles.ts';

export const SESSION_MS = 7 * 86_400_000;

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly by: string;
  /** Milliseconds; null: until it is revoked. */
  readonly lifetime: number | null;
}

/** null: there is a token of this name already. `token` is known only here and now. */
export async function makeToken(
  access: Pick<Access, 'addToken'>,
  { name, role, by, lifetime }: NewToken,
  now: number,
): Promise<{ readonly token: string; readonly record: TokenRecord } | null> {
  const token = newToken();
  const expires = lifetime === null ? null : now + lifetime;
  const record: TokenRecord = { name, role, by, created: now, expires, used: null };
  const added = await access.addToken({ ...record, hash: hashSecret(token) });
  return added ? { token, record } : null;
}

export async function principalOfToken(
  access: Pick<Access, 'findToken'>,
  token: string,
  now: number,
): Promise<Principal | null> {
  return isToken(token) ? principal(await access.findToken(hashSecret(token), now)) : null;
}

/** @returns the secret of the session */
export async function openSession(access: Pick<Access, 'addSession'>, token: string, now: number): Promise<string> {
  const secret = newSecret();
  await access.addSession({ hash: hashSecret(secret), token, expires: now + SESSION_MS });
  return secret;
}

export async function principalOfSession(
  access: Pick<Access, 'findSession'>,
  secret: string,
  now: number,
): Promise<Principal | null> {
  return principal(await access.findSession(hashSecret(secret), now));
}

function principal(record: TokenRecord | null): Principal | null {
  return record === null ? null : { name: record.name, role: record.role, token: record.name };
}
