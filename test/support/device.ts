// One device for scenarios: an agent's configuration and state in a folder, its commands as real processes.
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { readStore } from '../../agent/store/read-store.ts';
import type { Status } from '../../fleet/wire/messages.ts';
import { engineSocket } from './engine.ts';
import { type Program, startProgram } from './machine.ts';

export interface Ran {
  readonly code: number | null;
  /** Both streams. */
  readonly output: string;
}

export interface Device {
  readonly id: string;
  readonly stateDir: string;
  readonly configFile: string;
  /** Runs one command of the agent to its end. */
  agent(
    command: 'once' | 'plan' | 'status' | 'check' | 'import' | 'accept' | 'retry',
    ...args: readonly string[]
  ): Promise<Ran>;
  /** The last status that the agent stored, read beside it. */
  status(): Status;
  /** Starts the daemon; `await using` ends it with SIGKILL. */
  start(): Promise<Program>;
}

export interface DeviceOptions {
  readonly id: string;
  readonly url: string;
  readonly folder: string;
  /** Further configuration, as YAML text at the top level. */
  readonly more?: string;
  readonly interval?: string;
  readonly socket?: string;
  /** The agent's program; else that of the suite. */
  readonly program?: string;
}

const COMMAND_MS = 240_000;

export async function makeDevice({
  id,
  url,
  folder,
  more = '',
  interval = '1s',
  socket = engineSocket(),
  program = inject('agentFile'),
}: DeviceOptions): Promise<Device> {
  const stateDir = join(folder, 'state');
  const configFile = join(folder, 'agent.yaml');
  await mkdir(folder, { recursive: true });
  const source = `{ url: "${url}", interval: ${interval}, timeout: 20s }`;
  const runtime = more.includes('runtime_dir:') ? '' : `runtime_dir: ${join(folder, 'runtime')}\n`;
  await writeFile(
    configFile,
    `device: ${id}\nstate_dir: ${stateDir}\n${runtime}source: ${source}\ndocker: { socket: ${socket} }\n${more}`,
  );
  const start = (command: string, args: readonly string[] = []) =>
    startProgram(process.execPath, [program, command, '--config', configFile, ...args]);
  return {
    id,
    stateDir,
    configFile,
    async agent(command, ...args) {
      await using ran = await start(command, args);
      const [code] = (await once(ran.child, 'close', { signal: AbortSignal.timeout(COMMAND_MS) })) as [number | null];
      return { code, output: ran.output() };
    },
    status() {
      const store = readStore(stateDir);
      const json = store?.status() ?? null;
      store?.close();
      if (json === null) throw new Error(`no agent has stored a status in ${stateDir}`);
      return JSON.parse(json) as Status;
    },
    start: () => start('run'),
  };
}
