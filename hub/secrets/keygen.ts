// `holdfast secrets keygen`: an age identity, for where there is no age-keygen.
import { writeFile } from 'node:fs/promises';
import { messageOf } from '../../fleet/error.ts';
import { CliError, type ExitCode, type Io } from '../cli/io.ts';
import { newIdentity } from './age.ts';
import { timeOf } from './sealed-file.ts';

export async function keygen(io: Io, { output }: { readonly output?: string }): Promise<ExitCode> {
  const { text, recipient } = await newIdentity(timeOf(io.now()));
  if (output === undefined) {
    io.out(text);
    return 0;
  }
  await writeFile(output, text, { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
    throw new CliError(`cannot write ${output}: ${messageOf(error, output)}`, 1);
  });
  io.out(`public key: ${recipient}\n`);
  return 0;
}
