// age, as an operator uses it: data keys wrapped for recipients and opened with the operator's own identities, which are where
// sops looks for them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { messageOf } from '../../fleet/error.ts';
import type { Wrapped } from '../../fleet/sops/metadata.ts';
import { CliError } from '../cli/io.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** One age file per recipient, as sops has it. */
export async function wrapKey(key: Uint8Array, recipients: readonly string[]): Promise<readonly Wrapped[]> {
  return await Promise.all(
    recipients.map(async (recipient) => {
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      return { recipient, enc: armor.encode(await encrypter.encrypt(key)) };
    }),
  );
}

/** null: none of the identities opens it. */
export async function unwrapKey(
  wrapped: readonly Wrapped[],
  identities: readonly string[],
): Promise<Uint8Array | null> {
  const own = new Set(await recipientsOf(identities));
  const ordered = wrapped.toSorted((a, b) => Number(own.has(b.recipient)) - Number(own.has(a.recipient)));
  for (const { enc } of ordered) {
    const key = await tryOne(enc, identities);
    if (key !== null) return key;
  }
  return null;
}

/** Public keys. */
export async function recipientsOf(identities: readonly string[]): Promise<readonly string[]> {
  return await Promise.all(identities.map((identity) => identityToRecipient(identity)));
}

async function tryOne(enc: string, identities: readonly string[]): Promise<Uint8Array | null> {
  try {
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    return await decrypter.decrypt(armor.decode(enc));
  } catch {
    // For somebody else.
    return null;
  }
}

/** Of SOPS_AGE_KEY, SOPS_AGE_KEY_FILE and ~/.config/sops/age/keys.txt. Throws `CliError` when there is none. */
export async function operatorIdentities(env: Env): Promise<readonly string[]> {
  const named = env.SOPS_AGE_KEY_FILE;
  const config = env.XDG_CONFIG_HOME ?? join(env.HOME ?? '', '.config');
  const usual = join(config, 'sops', 'age', 'keys.txt');
  const texts = [env.SOPS_AGE_KEY ?? '', await readIfThere(named ?? usual, named !== undefined)];
  const lines = texts.flatMap((text) => text.split('\n')).map((line) => line.trim());
  const identities = lines.filter((line) => line.startsWith('AGE-SECRET-KEY-1'));
  for (const identity of identities) await checked(identity);
  if (identities.length > 0) return identities;
  throw new CliError(
    `there is no age identity to open it with: set SOPS_AGE_KEY_FILE, or write one to ${usual} (age-keygen -o)`,
    1,
  );
}

async function checked(identity: string): Promise<void> {
  await identityToRecipient(identity).catch(() => {
    throw new CliError('one of your age identities is damaged: copy it again, whole', 1);
  });
}

async function readIfThere(file: string, wanted: boolean): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!wanted) return '';
    throw new CliError(`SOPS_AGE_KEY_FILE: ${file} cannot be read: ${messageOf(error, file)}`, 1);
  }
}

/** A new identity, as `age-keygen` prints it. */
export async function newIdentity(createdAt: string): Promise<{ readonly text: string; readonly recipient: string }> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  return { recipient, text: `# created: ${createdAt}\n# public key: ${recipient}\n${identity}\n` };
}
