// An encrypted file, read but not opened: what its names are, and who can open it.
import { attempt, Closed, ENCRYPT, type Opened } from './fault.ts';
import { type Format, formatOf, parseSealed, tooLarge } from './format.ts';
import { type Metadata, readMetadata } from './metadata.ts';
import type { Branch } from './tree.ts';

export interface Sealed {
  readonly format: Format;
  /** Encrypted values are text here, `ENC[…]`. */
  readonly branch: Branch;
  readonly metadata: Metadata;
}

/** Never throws: what is wrong with the file is the answer. `bytes` undefined: too many to be read. */
export function readSealed(path: string, bytes: Uint8Array | undefined): Opened<Sealed> {
  return attempt(() => {
    if (bytes === undefined) throw tooLarge();
    const format = formatOf(path);
    const { branch, sops } = parseSealed(format, bytes);
    if (sops === undefined) throw new Closed('it is not encrypted with SOPS: it has no "sops" part', ENCRYPT);
    return { format, branch, metadata: readMetadata(sops) };
  });
}
