// The real age tools: identities as age-keygen makes them, and files as age writes and reads them.
import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface MadeIdentity {
  readonly file: string;
  /** `age1…` */
  readonly recipient: string;
}

/** A new identity file, as `age-keygen -o` makes it. */
export async function makeIdentity(file: string): Promise<MadeIdentity> {
  await run('age-keygen', ['-o', file]);
  await chmod(file, 0o600);
  const { stdout } = await run('age-keygen', ['-y', file]);
  return { file, recipient: stdout.trim() };
}

/** Armored, as `age -a` writes it. */
export async function ageEncrypt(bytes: Uint8Array, recipients: readonly string[]): Promise<string> {
  const args = ['--encrypt', '--armor', ...recipients.flatMap((one) => ['--recipient', one])];
  return (await piped(args, bytes)).toString('utf8');
}

export async function ageDecrypt(armored: string, identityFile: string): Promise<Uint8Array> {
  return await piped(['--decrypt', '--identity', identityFile], Buffer.from(armored));
}

async function piped(args: readonly string[], input: Uint8Array): Promise<Buffer> {
  const running = run('age', args, { encoding: 'buffer' });
  running.child.stdin?.end(input);
  return (await running).stdout;
}
