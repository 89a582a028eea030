// Programs that the demo starts: each in a process group of its own, so that Ctrl-C reaches the demo alone and the end
// has an order. Keeps the end of each program's output for error messages.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Program {
  readonly pid: number;
  /** The last lines that it wrote. */
  tail(): string;
  /** Settles when it has ended, with the reason as text. */
  readonly ended: Promise<string>;
}

const TAIL_LINES = 40;
const GRACE_MS = 10_000;

export function startProgram(args: readonly string[], options: { readonly cwd: string }): Program {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_')));
  const child = spawn(process.execPath, args, {
    ...options,
    // Variables would override the configuration that the demo writes.
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let rest = '';
  const keep = (chunk: string): void => {
    const parts = (rest + chunk).split('\n');
    rest = (parts.pop() ?? '').slice(-4096);
    lines.push(...parts);
    lines.splice(0, lines.length - TAIL_LINES);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  return {
    pid: child.pid ?? -1,
    tail: () => [...lines, rest].join('\n').trim(),
    ended,
  };
}

/**
 * Ends the group that `pid` leads: TERM, then KILL. Only a process whose command line names `folder` is ours: the
 * number may have been given to another one since.
 */
export async function endGroup(pid: number, folder: string): Promise<void> {
  if (!isOurs(pid, folder)) return;
  signalGroup(pid, 'SIGTERM');
  for (let waited = 0; waited < GRACE_MS && isOurs(pid, folder); waited += 50) await sleep(50);
  // The leader is gone, but what it started may not be.
  signalGroup(pid, 'SIGKILL');
  for (let waited = 0; waited < GRACE_MS && isOurs(pid, folder); waited += 50) await sleep(50);
}

function isOurs(pid: number, folder: string): boolean {
  const file = `/proc/${pid}/cmdline`;
  if (pid <= 1 || !existsSync(file)) return false;
  try {
    return readFileSync(file, 'utf8').includes(folder);
  } catch {
    // It ended between the two looks.
    return false;
  }
}

function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already: that is what was wanted.
  }
}
