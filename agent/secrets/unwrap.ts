// The data key of a SOPS file, opened with age: first what is addressed to one of our own public keys, then a few others (a
// file may name a recipient that it was not encrypted for).
import type { Wrapped } from '../../fleet/sops/metadata.ts';
import type { Identity } from './identity.ts';

/** Each costs a few milliseconds. */
const MAX_TRIES = 32;

/** null: none of these identities opens it. */
export async function unwrapKey(
  wrapped: readonly Wrapped[],
  identities: readonly Identity[],
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const own = new Set(identities.map(({ recipient }) => recipient));
  const ordered = wrapped.toSorted((a, b) => Number(own.has(b.recipient)) - Number(own.has(a.recipient)));
  for (const { enc } of ordered.slice(0, MAX_TRIES)) {
    signal.throwIfAborted();
    const key = await tryOne(enc, identities);
    if (key !== null) return key;
  }
  return null;
}

async function tryOne(enc: string, identities: readonly Identity[]): Promise<Uint8Array | null> {
  const { armor, Decrypter } = await import('age-encryption');
  try {
    const decrypter = new Decrypter();
    for (const { key } of identities) decrypter.addIdentity(key);
    return await decrypter.decrypt(armor.decode(enc));
  } catch {
    // For somebody else, or damaged: whoever asks says that none of them opened.
    return null;
  }
}
