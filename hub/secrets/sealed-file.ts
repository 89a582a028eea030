// A SOPS file on an operator's disk: opened whole, and written so that there is the old one or the new one, never a half.
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { messageOf } from '../../fleet/error.ts';
import { IV_BYTES, KEY_BYTES } from '../../fleet/sops/cipher.ts';
import type { ClosedFile, Opened } from '../../fleet/sops/fault.ts';
import type { Metadata } from '../../fleet/sops/metadata.ts';
import { openSealed, type Plaintext } from '../../fleet/sops/open.ts';
import { readSealed, type Sealed } from '../../fleet/sops/sealed.ts';
import { CliError } from '../cli/io.ts';
import { unwrapKey } from './age.ts';

export interface OpenFile {
  readonly sealed: Sealed;
  readonly plain: Plaintext;
  readonly key: Uint8Array;
}

/** Throws `CliError` with what to do. */
export async function openFile(file: string, identities: readonly string[]): Promise<OpenFile> {
  const sealed = orError(file, readSealed(file, await readBytes(file)));
  const key = await unwrapKey(sealed.metadata.age, identities);
  if (key === null) throw notForYou(file, sealed.metadata);
  return { sealed, key, plain: orError(file, openSealed(sealed, key)) };
}

function notForYou(file: string, { age }: Metadata): CliError {
  const many = age.length > 5 ? ` and ${age.length - 5} more` : '';
  const whom =
    age.length === 0
      ? 'no age recipient'
      : age
          .slice(0, 5)
          .map(({ recipient }) => recipient)
          .join(', ');
  const how = 'ask somebody of these to add your public key to secrets.recipients of fleet.yaml and to rekey';
  return new CliError(`none of your identities opens ${file}: it is encrypted for ${whom}${many}; ${how}`, 1);
}

/** Throws `CliError`. */
export function orError<T>(file: string, opened: Opened<T>): T {
  if (opened.kind === 'open') return opened.value;
  throw closedError(file, opened);
}

function closedError(file: string, { what, hint }: ClosedFile): CliError {
  return new CliError(`${file}: ${what}; ${hint}`, 1);
}

export async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${messageOf(error, file)}`, 1);
  }
}

export async function writeWhole(file: string, text: string): Promise<void> {
  const fresh = `${file}.new-${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(fresh, text, { flag: 'wx' });
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw new CliError(`cannot write ${file}: ${messageOf(error, file)}`, 1);
  }
}

export function newKey(): Uint8Array {
  return randomBytes(KEY_BYTES);
}

export function newIv(): Uint8Array {
  return randomBytes(IV_BYTES);
}

/** RFC 3339, whole seconds. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
