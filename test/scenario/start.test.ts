// The README's first command, for real: it works, its suggestions work when pasted, and it leaves nothing behind.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { docker, engineSocket } from '../support/engine.ts';
import { freePort, temporaryFolder, uniqueId } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const TEST_MS = 300_000;

test('--once on an Engine that is there shows the fleet in sync and leaves the Engine as it was', {
  timeout: TEST_MS,
}, async () => {
  await using folder = await temporaryFolder();
  const device = uniqueId('demo');
  const demo = startDemo(folder.path, ['--once', '--device', device], { DOCKER_HOST: `unix://${engineSocket()}` });
  const code = await demo.ended;
  expect(code, demo.output()).toBe(0);
  expect(demo.output()).toMatch(new RegExp(`^${device} +online +Healthy +Synced`, 'm'));
  expect(demo.output()).toMatch(new RegExp(`^welcome +${device} +Healthy +Synced`, 'm'));
  expect(await labelled(device)).toEqual([]);
  expect((await docker('GET', '/images/holdfast%2Fbusybox:1/json')).status).toBe(200);
  expectNothingLeft(folder.path);
});

test('an Engine that was named and does not answer is a failure, not another Engine', {
  timeout: TEST_MS,
}, async () => {
  await using folder = await temporaryFolder();
  const demo = startDemo(folder.path, ['--once'], { DOCKER_HOST: `unix://${folder.path}/absent.sock` });
  expect(await demo.ended).toBe(1);
  expect(demo.output()).toContain('no Engine answers there');
  expectNothingLeft(folder.path);
});

test('a hub that cannot start is a failure that shows the end of its log', { timeout: TEST_MS }, async () => {
  await using folder = await temporaryFolder();
  const port = String(await freePort());
  const args = ['--once', '--device', uniqueId('demo'), '--http-port', port, '--mqtt-port', port];
  const demo = startDemo(folder.path, args, { DOCKER_HOST: `unix://${engineSocket()}` });
  expect(await demo.ended).toBe(1);
  expect(demo.output()).toContain('The hub ended by itself');
  expect(demo.output()).toMatch(/The end of the hub's log:[\s\S]*(EADDRINUSE|in use|taken)/);
  expectNothingLeft(folder.path);
});

test('what it suggests works as printed, and Ctrl-C removes all of it', { timeout: TEST_MS }, async () => {
  await using folder = await temporaryFolder();
  const demo = startDemo(folder.path, ['--own-engine']);
  const { socket, page } = await demo.running();
  expect(await text(page)).toContain('This page came from Git');

  await paste(demo, 'git commit');
  await waitFor(async () => (await text(page)).includes('was changed by a commit'), {
    timeoutMs: 60_000,
    what: 'the page is the one that was committed',
  });

  const before = await webContainer(socket);
  await paste(demo, 'docker -H');
  await waitFor(async () => (await webContainer(socket)) !== before && (await text(page)).includes('by a commit'), {
    timeoutMs: 60_000,
    what: 'the container that was removed by hand is back',
  });

  await waitFor(async () => (await paste(demo, 'agent -- plan')) !== '', {
    timeoutMs: 60_000,
    what: 'the plan has nothing to do',
  });

  demo.child.kill('SIGINT');
  demo.child.kill('SIGINT');
  expect(await demo.ended).toBe(0);
  expectNothingLeft(folder.path, socket);
});

test('a demo that is killed is cleaned up after', { timeout: TEST_MS }, async () => {
  await using folder = await temporaryFolder();
  const demo = startDemo(folder.path, ['--own-engine']);
  const { socket } = await demo.running();
  demo.child.kill('SIGKILL');
  await demo.ended;
  await waitFor(
    () => {
      expectNothingLeft(folder.path, socket);
      return true;
    },
    { timeoutMs: 60_000, what: 'nothing of the demo is left' },
  );
});

interface StartedDemo {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
  /** Waits until it has said what to try. */
  running(): Promise<{ readonly socket: string; readonly page: string }>;
}

/** Its temporary files go to `folder`, and so every process of it carries that path in its environment. */
function startDemo(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): StartedDemo {
  const child = spawn(process.execPath, ['scripts/start.ts', '--http-port', '0', '--mqtt-port', '0', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    ended,
    output: () => printed,
    async running() {
      await waitFor(() => printed.includes('Ctrl-C ends') || child.exitCode !== null, {
        timeoutMs: 200_000,
        what: 'the demo runs',
      });
      const socket = /-H unix:\/\/(\S+)/.exec(printed)?.[1];
      const page = /The page\s+(\S+)/.exec(printed)?.[1];
      if (socket === undefined || page === undefined) throw new Error(`The demo did not get that far:\n${printed}`);
      return { socket, page };
    },
  };
}

/** Runs the suggestion whose block has `marker` in it as a user would: all of its lines, in a shell. */
async function paste(demo: StartedDemo, marker: string): Promise<string> {
  const blocks = demo.output().split(/\n {2}\d\. .*\n/);
  const block = blocks.find((lines) => lines.includes(marker))?.split('\n\n')[0] ?? 'exit 99';
  const path = `${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`;
  const { stdout } = await run('sh', ['-e', '-c', block], {
    cwd: '/',
    env: { ...process.env, PATH: path },
    timeout: 60_000,
  });
  return stdout;
}

async function text(url: string): Promise<string> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).text();
  } catch {
    return ''; // The container is being replaced right now.
  }
}

async function webContainer(socket: string): Promise<string | undefined> {
  const { status, body } = await docker<{ Id: string; State: { Running: boolean } }>(
    'GET',
    '/containers/welcome-web-1/json',
    undefined,
    { socket },
  );
  return status === 200 && body.State.Running ? body.Id : undefined;
}

async function labelled(device: string): Promise<readonly unknown[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`io.holdfast.device=${device}`] }));
  const containers = await docker<unknown[]>('GET', `/containers/json?all=1&filters=${filters}`);
  const networks = await docker<unknown[]>('GET', `/networks?filters=${filters}`);
  const volumes = await docker<{ Volumes: unknown[] | null }>('GET', `/volumes?filters=${filters}`);
  return [...containers.body, ...networks.body, ...(volumes.body.Volumes ?? [])];
}

/** No file, no process, and of a private Engine no folder and no bridge. */
function expectNothingLeft(folder: string, socket?: string): void {
  expect(readdirSync(folder)).toEqual([]);
  expect(processesOf(folder)).toEqual([]);
  if (socket === undefined) return;
  const runFolder = join(socket, '..');
  expect(existsSync(runFolder)).toBe(false);
  expect(Object.keys(networkInterfaces())).not.toContain(basename(runFolder));
}

function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const about = readFileSync(`/proc/${pid}/environ`, 'utf8') + readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return about.includes(folder) ? [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8')}`] : [];
      } catch {
        return []; // It ended while we looked.
      }
    });
}
