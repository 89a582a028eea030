// Makes Git repositories for the demo, the tests and the benches, with an identity of their own, so
// that it works where Git was never configured. Runs the real `git`.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const GIT_TIMEOUT_MS = 60_000;

/** Runs one git command in a repository and returns what it printed, trimmed. No user or system configuration. */
export async function git(into: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: into, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };
  const { stdout } = await run('git', ['-C', into, ...args], {
    env,
    timeout: GIT_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.trim();
}

/** An empty working repository on branch main with an identity of its own. */
export async function makeRepository(into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  await git(into, 'init', '--quiet', '--initial-branch=main');
  for (const [key, value] of [
    ['user.name', 'Holdfast demo'],
    ['user.email', 'demo@holdfast.invalid'],
    ['commit.gpgsign', 'false'],
    ['core.autocrlf', 'false'],
    ['receive.denyCurrentBranch', 'updateInstead'],
  ] as const)
    await git(into, 'config', key, value);
}

/** Commits everything in the working folder, even nothing, and returns the commit id. */
export async function commitAll(into: string, message: string): Promise<string> {
  await git(into, 'add', '--all', '--force');
  await git(into, 'commit', '--quiet', '--allow-empty', `--message=${message}`);
  return await git(into, 'rev-parse', 'HEAD');
}
