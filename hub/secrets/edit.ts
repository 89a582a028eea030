// `holdfast secrets edit FILE`: in the clear only in memory and only for the editor; what did not change keeps its ciphertext.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { attempt } from '../../fleet/sops/fault.ts';
import { formatPlain, parsePlain } from '../../fleet/sops/format.ts';
import { sealTree } from '../../fleet/sops/seal.ts';
import { CliError, type ExitCode, type Io } from '../cli/io.ts';
import { type Env, operatorIdentities } from './age.ts';
import { newIv, type OpenFile, openFile, orError, timeOf, writeWhole } from './sealed-file.ts';

/** statfs(2): tmpfs, ramfs. */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];
/** How often a person may mend what cannot be read. */
const TRIES = 5;

export async function edit(io: Io, file: string): Promise<ExitCode> {
  const identities = await operatorIdentities(io.env);
  const opened = await openFile(file, identities);
  const folder = await mkdtemp(join(await memory(io.env), 'holdfast-edit-'));
  const copy = join(folder, basename(file));
  try {
    const before = orError(
      file,
      attempt(() => formatPlain(opened.sealed.format, opened.plain.branch)),
    );
    await writeFile(copy, before, { mode: 0o600, flag: 'wx' });
    const text = await edited(io, file, copy, opened, before);
    if (text === null) {
      io.out(`${file}: nothing changed\n`);
      return 0;
    }
    await writeWhole(file, text);
    io.out(`${file}: encrypted again\n`);
    return 0;
  } finally {
    await wipe(copy);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The new file's text; null: nothing changed. */
async function edited(
  io: Io,
  file: string,
  copy: string,
  opened: OpenFile,
  before: Uint8Array,
): Promise<string | null> {
  const { sealed, plain, key } = opened;
  const { metadata, format } = sealed;
  for (let tries = 1; ; tries++) {
    await runEditor(io.env, copy, io.signal);
    const after = await readFile(copy);
    if (after.equals(before)) return null;
    const branch = attempt(() => parsePlain(format, after));
    if (branch.kind === 'closed') {
      const message = `${file} was not changed: ${branch.what}; ${branch.hint}`;
      // Nobody is there to mend it.
      if (io.columns === null || tries >= TRIES) throw new CliError(message, 1);
      io.err(`${message}\n`);
      continue;
    }
    const text = sealTree(format, branch.value, {
      key,
      age: metadata.age,
      rule: metadata.rule,
      macOnlyEncrypted: metadata.macOnlyEncrypted,
      lastmodified: timeOf(io.now()),
      newIv,
      ivs: plain.ivs,
    });
    return orError(file, text);
  }
}

async function runEditor(env: Env, copy: string, signal: AbortSignal): Promise<void> {
  const editor = env.SOPS_EDITOR ?? env.VISUAL ?? env.EDITOR ?? 'vi';
  // As a shell would: the variable may hold options.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', copy], {
    stdio: 'inherit',
    env: { ...env } as NodeJS.ProcessEnv,
    signal,
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new CliError(`the editor (${editor}) ended with ${code ?? 'a signal'}: nothing was changed`, 1);
}

async function memory(env: Env): Promise<string> {
  for (const folder of [env.XDG_RUNTIME_DIR, '/dev/shm', '/run']) {
    if (folder === undefined) continue;
    const type = await statfs(folder).then(
      (found) => found.type,
      () => 0,
    );
    if (IN_MEMORY.includes(type) && (await isWritable(folder))) return folder;
  }
  throw new CliError('there is no folder in memory to edit in: set XDG_RUNTIME_DIR to one on a tmpfs', 1);
}

async function isWritable(folder: string): Promise<boolean> {
  const probe = await mkdtemp(join(folder, 'holdfast-edit-')).catch(() => null);
  if (probe === null) return false;
  await rm(probe, { recursive: true, force: true });
  return true;
}

async function wipe(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found !== null) await writeFile(file, new Uint8Array(found.size)).catch(() => undefined);
}
