// What tests borrow from the machine: names that nobody else uses, ports, folders, programs.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A valid device or app id that no other test has. */
export function uniqueId(prefix = 'test'): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}

/** A TCP port of this host that is free now. */
export async function freePort(): Promise<number> {
  await using taken = await takenPort();
  return taken.port;
}

export interface TakenPort extends AsyncDisposable {
  readonly port: number;
}

/** A TCP port of loopback that something listens on; `await using` frees it. */
export async function takenPort(): Promise<TakenPort> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The host gave no port.');
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** A new empty folder; `await using` removes it. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'hf-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it printed so far, both streams. */
  output(): string;
  /** Resolves when it has ended, by this signal or before it. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a program that ends with this process, however that ends; `await using` ends it before. */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'env' | 'cwd' | 'uid' | 'gid'> = {},
): Promise<Program> {
  const mortal = ['--pdeathsig', 'KILL', '--', command, ...args];
  const child = spawn('setpriv', mortal, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await once(child, 'spawn').catch((error: unknown) => {
    throw new Error(`This test needs the program "${command}", and "setpriv" (util-linux); install it.`, {
      cause: error,
    });
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return { child, output: () => printed, end, [Symbol.asyncDispose]: () => end('SIGKILL') };
}
