// Puts the Node that npm installed where pkg looks for its downloads, so that pkg downloads nothing.
// Touches only the home folder that it is given.
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

export async function repackNode(options: {
  readonly architecture: string;
  readonly version: string;
  readonly node: string;
  readonly home: string;
}): Promise<void> {
  const name = `node-v${options.version}-linux-${options.architecture}`;
  const cache = join(options.home, '.pkg-cache', 'sea');
  await rm(cache, { recursive: true, force: true });
  await mkdir(join(cache, name, 'bin'), { recursive: true });
  const node = join(cache, name, 'bin', 'node');
  await copyFile(options.node, node);
  await strip(node);
  await runCommand('tar', ['-C', cache, '--use-compress-program=gzip -1', '-cf', `${name}.tar.gz`, name], {
    cwd: cache,
  });
  await rm(join(cache, name), { recursive: true });
  await writeFile(join(cache, `${name}.tar.gz.ok`), '');
}

/** Symbols are a tenth of the file. They must go before the program is injected; without binutils they stay. */
async function strip(path: string): Promise<void> {
  try {
    await runCommand('strip', ['--strip-unneeded', path], {});
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
    console.log('No `strip` here (Debian: binutils): the binary keeps its symbols and is larger.');
  }
}
