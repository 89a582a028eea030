// Opens the SOPS files that a revision refers to, inside a deadline. What cannot be opened is told with the device's own public
// key, so that whoever reads it knows for whom to encrypt.
import type { SecretFile } from '../../fleet/model/secret-file.ts';
import type { SourceFile } from '../../fleet/model/source.ts';
import { openSealed } from '../../fleet/sops/open.ts';
import { readSealed, type Sealed } from '../../fleet/sops/sealed.ts';
import { secretFile } from '../../fleet/sops/secret-file.ts';
import { type Identity, IdentityTrouble, readIdentities } from './identity.ts';
import { createLearned } from './learned.ts';
import type { Secrets } from './secrets.ts';
import { unwrapKey } from './unwrap.ts';

/** For all files of one revision; looked at between two keys that are tried, of which each takes milliseconds. */
const OPEN_MS = 30_000;

export interface SecretsGiven {
  /** None: this device opens nothing. */
  readonly identityFiles: readonly string[];
  readonly salt: string;
}

export function createSecrets({ identityFiles, salt }: SecretsGiven): Secrets {
  const { hide, learn } = createLearned();
  return {
    salt,
    hide,
    learn,
    async open(files, signal) {
      const opened = new Map<string, SecretFile>();
      if (files.length === 0) return opened;
      const identities = await identitiesOf(identityFiles);
      const late = AbortSignal.timeout(OPEN_MS);
      for (const file of files) {
        const given = await openOne(file, identities, AbortSignal.any([signal, late])).catch((error: unknown) => {
          if (!signal.aborted && late.aborted)
            return closed(`it could not be opened within ${OPEN_MS / 1000} s`, 'give it fewer recipients');
          throw error;
        });
        if (given.kind === 'open') learn(secretTexts(given));
        opened.set(file.path, given);
      }
      return opened;
    },
  };
}

async function identitiesOf(files: readonly string[]): Promise<readonly Identity[] | IdentityTrouble> {
  try {
    return await readIdentities(files);
  } catch (error) {
    if (error instanceof IdentityTrouble) return error;
    throw error;
  }
}

function secretTexts({ values }: Extract<SecretFile, { kind: 'open' }>): string[] {
  return [...values.values()].filter(({ encrypted }) => encrypted).map(({ text }) => text);
}

async function openOne(
  file: SourceFile,
  identities: readonly Identity[] | IdentityTrouble,
  signal: AbortSignal,
): Promise<SecretFile> {
  const sealed = readSealed(file.path, file.bytes);
  if (sealed.kind === 'closed') return sealed;
  if (identities instanceof IdentityTrouble) {
    return closed(`the identity of this device cannot be used: ${identities.message}`, identities.hint);
  }
  if (identities.length === 0) {
    const hint = 'name its age identity in agent.yaml: secrets: { identity_file: /etc/holdfast/age.key }';
    return closed('this device has no identity', hint);
  }
  const key = await unwrapKey(sealed.value.metadata.age, identities, signal);
  if (key === null) return notForUs(sealed.value, identities);
  const opened = openSealed(sealed.value, key);
  return opened.kind === 'closed' ? opened : secretFile(sealed.value.format, opened.value);
}

function notForUs({ metadata }: Sealed, identities: readonly Identity[]): SecretFile {
  const own = identities.map(({ recipient }) => recipient).join(', ');
  const hint = `encrypt it for ${own}: secrets: { recipient: … } in device.yaml, then holdfast secrets rekey`;
  if (metadata.age.length === 0) {
    const others = metadata.others.length === 0 ? 'nobody' : metadata.others.join(' and ');
    return closed(`it is encrypted for ${others}, and for no age recipient`, hint);
  }
  const named = identities.some(({ recipient }) => metadata.age.some((wrapped) => wrapped.recipient === recipient));
  return named
    ? closed('it names this device as a recipient, but its data key does not open', 'run holdfast secrets rekey')
    : closed('it is not encrypted for this device', hint);
}

function closed(what: string, hint: string): SecretFile {
  return { kind: 'closed', what, hint };
}
