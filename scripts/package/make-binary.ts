// Injects a script into a Node binary with pkg's --sea mode. Offline: `home` already holds what pkg would download.
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

const PKG = join(import.meta.dirname, '..', '..', 'node_modules', 'pkg', 'lib-es5', 'bin.js');

/** `platform` as pkg names it, with a full three-part version: `node24.20.0-linux-x64`. */
export async function makeBinary(options: {
  readonly script: string;
  readonly home: string;
  readonly platform: string;
  readonly out: string;
}): Promise<void> {
  await runCommand(
    process.execPath,
    [PKG, '--sea', options.script, '-t', options.platform, '-o', options.out],
    // A home of its own: the user's cache is neither read nor written.
    {
      cwd: options.home,
      env: { ...process.env, HOME: options.home, PKG_CACHE_PATH: join(options.home, '.pkg-cache') },
    },
  );
}
