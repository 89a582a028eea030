// Why a secret file stays closed: a sentence, and what to do. Thrown inside this folder, never out of it.
import type { SecretFile } from '../model/secret-file.ts';

export class Closed extends Error {
  readonly hint: string;
  constructor(what: string, hint: string) {
    super(what);
    this.name = 'Closed';
    this.hint = hint;
  }
}

export type Opened<T> = { readonly kind: 'open'; readonly value: T } | ClosedFile;

export type ClosedFile = Extract<SecretFile, { kind: 'closed' }>;

/** Whatever is wrong with the file is an answer. */
export function attempt<T>(work: () => T): Opened<T> {
  try {
    return { kind: 'open', value: work() };
  } catch (error) {
    if (error instanceof Closed) return { kind: 'closed', what: error.message, hint: error.hint };
    return { kind: 'closed', what: 'it cannot be read as a SOPS file', hint: ENCRYPT_AGAIN };
  }
}

export const ENCRYPT = 'encrypt it: holdfast secrets encrypt, or sops encrypt';
export const ENCRYPT_AGAIN = 'encrypt it again: holdfast secrets encrypt, or sops encrypt';
export const RESTORE = 'take the file back from a commit that worked, or encrypt it again';
