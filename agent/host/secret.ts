// Reads a secret (password, token) from a file at the moment of use, so that rotating the file is enough.
// The value never reaches a message, a log line or an error.
import { open } from 'node:fs/promises';
import { HoldfastError } from '../../fleet/error.ts';

/** A password or token is short; a larger file is the wrong file. */
export const SECRET_BYTES = 16 * 1024;

/** The file's text without its trailing newline. Throws `ConfigInvalid`, naming `key` and the file. */
export async function readSecret(key: string, file: string): Promise<string> {
  const text = await readLimited(key, file, SECRET_BYTES);
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new HoldfastError('ConfigInvalid', `${key}: ${file} is empty. Write the secret into it.`);
  if (/[\r\n\0]/.test(secret)) throw new HoldfastError('ConfigInvalid', `${key}: ${file} holds more than one line.`);
  return secret;
}

/** A PEM file (certificate, key). Throws `ConfigInvalid`, naming `key` and the file. */
export async function readPem(key: string, file: string): Promise<string> {
  return readLimited(key, file, 1024 * 1024);
}

async function readLimited(key: string, file: string, limit: number): Promise<string> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    if (size > limit) throw new HoldfastError('ConfigInvalid', `${key}: ${file} has ${size} bytes, too many for it.`);
    return await handle.readFile('utf8');
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new HoldfastError('ConfigInvalid', `${key}: ${file} cannot be read (${code}).`);
  }
}
