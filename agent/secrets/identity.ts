// The device's age identities, read from their files at each use, so that rotating a file is enough. What is in them never
// reaches a message.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { AgentConfig } from '../../fleet/config/agent.ts';

/** An identity file is a few lines. */
const FILE_BYTES = 64 * 1024;
/** Identities of one device: the current one, and those that it had before. */
export const MAX_IDENTITIES = 16;
/** Group and others. */
const NOT_OURS = 0o077;

export interface Identity {
  /** `AGE-SECRET-KEY-1…`: never shown. */
  readonly key: string;
  /** Its public key, `age1…`. */
  readonly recipient: string;
}

/** A sentence, and what to do. */
export class IdentityTrouble extends Error {
  readonly hint: string;
  constructor(what: string, hint: string) {
    super(what);
    this.name = 'IdentityTrouble';
    this.hint = hint;
  }
}

/** Throws `IdentityTrouble`. */
export async function readIdentities(files: readonly string[]): Promise<readonly Identity[]> {
  const found: Identity[] = [];
  for (const file of files) found.push(...(await readIdentityFile(file)));
  return found.slice(0, MAX_IDENTITIES);
}

async function readIdentityFile(file: string): Promise<Identity[]> {
  const lines = (await readOwn(file)).split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length === 0) throw new IdentityTrouble(`${file} holds no identity`, `make one: age-keygen -o ${file}`);
  return await Promise.all(keys.slice(0, MAX_IDENTITIES).map((key) => readKey(key, file)));
}

async function readKey(key: string, file: string): Promise<Identity> {
  if (key.startsWith('AGE-SECRET-KEY-1')) {
    // Only where there are secrets: it takes a while to load, and memory.
    const { identityToRecipient } = await import('age-encryption');
    const recipient = await identityToRecipient(key).catch(() => null);
    if (recipient !== null) return { key, recipient };
  }
  const what = OTHERS.find(([start]) => key.startsWith(start))?.[1] ?? 'something that is no age identity';
  throw new IdentityTrouble(`${file} holds ${what}`, 'write one that age-keygen made: AGE-SECRET-KEY-1…');
}

/** What else is found in such files, by how it begins. */
const OTHERS = [
  ['AGE-PLUGIN-', 'an identity of an age plugin'],
  ['age-encryption.org/', 'an identity that is locked with a passphrase, which nobody types on a device'],
  ['-----BEGIN AGE ENCRYPTED', 'an identity that is locked with a passphrase, which nobody types on a device'],
  ['-----BEGIN OPENSSH', 'a key of SSH'],
  ['age1', 'a public key, which opens nothing'],
] as const;

/** Without waiting for a pipe. */
async function readOwn(file: string): Promise<string> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size, mode } = await handle.stat();
    if ((mode & NOT_OURS) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0');
      throw new IdentityTrouble(`${file} has the mode ${shown}: others can read it`, `run: chmod 600 ${file}`);
    }
    if (size > FILE_BYTES) throw new IdentityTrouble(`${file} is too large for identities`, 'name the right file');
    return await handle.readFile('utf8');
  } catch (error) {
    if (error instanceof IdentityTrouble) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new IdentityTrouble(`${file} ${why}`, `make it: age-keygen -o ${file}, and give its public key to the fleet`);
  }
}

/** The first is the one that is in use; further ones are tried after it. */
export function identityFilesOf({ secrets }: Pick<AgentConfig, 'secrets'>): readonly string[] {
  const { identity_file: first, identity_files: others } = secrets;
  return first === undefined ? others : [first, ...others];
}
