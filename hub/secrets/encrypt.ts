// `holdfast secrets encrypt FILE`: a file in the clear, written as a SOPS file for the devices that it is for.

import { attempt } from '../../fleet/sops/fault.ts';
import { formatOf, parsePlain } from '../../fleet/sops/format.ts';
import { DEFAULT_RULE } from '../../fleet/sops/metadata.ts';
import { sealTree } from '../../fleet/sops/seal.ts';
import { CliError, type ExitCode, type Io } from '../cli/io.ts';
import { plural } from '../cli/text.ts';
import { wrapKey } from './age.ts';
import { devicesOf, pathIn, recipientsFor, repositoryOf } from './recipients.ts';
import { newIv, newKey, orError, readBytes, timeOf, writeWhole } from './sealed-file.ts';

export interface EncryptOptions {
  readonly device: readonly string[];
  readonly output?: string;
}

export async function encrypt(io: Io, file: string, { device, output }: EncryptOptions): Promise<ExitCode> {
  const target = output ?? sealedName(file);
  const format = formatOf(target);
  if (format !== formatOf(file)) {
    throw new CliError(`${file} and ${target} are of different formats: give both the same ending`);
  }
  const repository = repositoryOf(target);
  const path = pathIn(repository, target);
  const bytes = await readBytes(file);
  const branch = orError(
    file,
    attempt(() => parsePlain(format, bytes)),
  );
  const devices = devicesOf(repository, path, device);
  const recipients = recipientsFor(repository, path, devices);
  const key = newKey();
  const sealed = sealTree(format, branch, {
    key,
    age: await wrapKey(key, recipients),
    rule: DEFAULT_RULE,
    macOnlyEncrypted: false,
    lastmodified: timeOf(io.now()),
    newIv,
  });
  await writeWhole(target, orError(file, sealed));
  const people = recipients.length - devices.length;
  io.out(`${path} is encrypted for ${devices.length === 0 ? 'no device' : devices.slice(0, 20).join(', ')}`);
  io.out(people > 0 ? ` and ${plural(people, 'key')} of fleet.yaml\n` : '\n');
  if (target !== file) io.err(`${file} still lies there in the clear: remove it, and never commit it\n`);
  return 0;
}

/** `till.yaml` → `till.sops.yaml`; a name that says so already is kept. */
export function sealedName(file: string): string {
  if (/\.sops(\.[a-z]+)?$/i.test(file)) return file;
  const ending = /\.(?:ya?ml|json|env)$/i.exec(file)?.[0];
  if (ending === undefined) return `${file}.sops`;
  const stem = file.slice(0, -ending.length);
  return `${stem}${stem === '' || stem.endsWith('/') ? 'secrets' : ''}.sops${ending}`;
}
