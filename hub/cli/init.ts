// `holdfast init [DIR]`: a fleet repository to begin with. Writes only what is not there, so that it can be run again and
// on a repository that exists.
import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../fleet/error.ts';
import { isId } from '../../fleet/names.ts';
import { type CiSystem, type InitFile, initFiles, SCHEMA_FOLDER } from './init/files.ts';
import { CliError, type ExitCode, type Io } from './io.ts';
import { createPaint } from './paint.ts';
import { type SCHEMA_NAMES, schemaText } from './schema.ts';
import { safe } from './text.ts';

export interface InitOptions {
  readonly device: string;
  readonly ci: CiSystem;
}

export async function init(io: Io, folder: string, { device, ci }: InitOptions): Promise<ExitCode> {
  if (!isId(device)) {
    const rule = 'lower-case letters, digits and dashes, 63 at most, not starting with a dash';
    throw new CliError(`"${safe(device)}" cannot be the id of a device: ${rule}`);
  }
  const schemas = (['fleet', 'device'] as const satisfies readonly (typeof SCHEMA_NAMES)[number][]).map((name) => ({
    path: `${SCHEMA_FOLDER}/${name}.schema.json`,
    text: schemaText(name),
  }));
  const paint = createPaint(io.colour);
  let made = 0;
  for (const file of [...initFiles(device, ci), ...schemas]) {
    const isNew = await write(folder, file);
    if (isNew) made += 1;
    io.out(`${isNew ? paint.good('made') : 'kept'}  ${file.path}\n`);
  }
  const where = folder === '.' ? '' : ` ${folder}`;
  if (made > 0) {
    const begin = (await isThere(join(folder, '.git'))) ? '' : 'git init, ';
    io.out(`\nNext: ${begin}holdfast validate${where}, commit, push, and point an agent at it:\n`);
    io.out(`  holdfast-agent run --config agent.yaml     # device: ${device}, source.url: where you pushed it\n`);
  }
  return 0;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** false: there is a file of this name already, and it stays as it is. */
async function write(folder: string, { path, text }: InitFile): Promise<boolean> {
  const full = join(folder, path);
  try {
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw new CliError(`cannot write ${full}: ${messageOf(error, full)}`);
  }
}
