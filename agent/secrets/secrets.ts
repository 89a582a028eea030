// What the loop needs of secrets: SOPS files opened with this device's identity, the key of hashes over them, and text without
// what came out of them.
import type { Hide } from '../../fleet/mask.ts';
import type { GivenSecrets } from '../../fleet/model/secret-file.ts';
import type { SourceFile } from '../../fleet/model/source.ts';

export interface Secrets {
  /** Never rejects but when the signal aborts: a file that cannot be opened is `closed`, with why and what to do. */
  open(files: readonly SourceFile[], signal: AbortSignal): Promise<GivenSecrets>;
  /** Made once with the state. */
  readonly salt: string;
  /** Text as it may leave the device. */
  readonly hide: Hide;
  /** Values that `hide` hides from now on, until the process ends. */
  learn(values: Iterable<string>): void;
}
