// Runs one command of a build to its end; its output is shown only when it fails.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEADLINE_MS = 300_000;
const OUTPUT_BYTES = 4 * 1024 * 1024;

/** Throws an Error with the end of the output; `code` is ENOENT when there is no such command. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<void> {
  try {
    await run(command, args, { ...options, timeout: DEADLINE_MS, maxBuffer: OUTPUT_BYTES });
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    const output = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n');
    throw Object.assign(new Error(`${command} ${args[0] ?? ''} failed\n${output}`, { cause: error }), { code });
  }
}
