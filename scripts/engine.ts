// A private Docker Engine: own socket, roots, bridge and address pool, so that several run side by side and none touches the
// host's own. Everything that it leaves behind (processes, mounts, links, firewall rules, folders) goes when it stops.
// Must not end anything that does not carry its own run folder's path.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp, isAlive, killAll, RUN_ROOT, run, runFolder, sweepAbandoned } from './engine/clean-up.ts';
import { answers, request } from './engine/socket.ts';

export interface PrivateEngine {
  readonly socket: string;
  /** Of dockerd; changes with a restart. */
  readonly pid: number;
  /** Ends dockerd at once, as a crash would, with its containerd. What it stored stays. */
  kill(): Promise<void>;
  /** Kills it if it runs, and starts it again on the same roots and socket. */
  restart(): Promise<void>;
  /** Ends it and removes all that it left, `dir` included. Safe to call twice. */
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** Made when absent, removed by `stop`. Holds data and log; socket and exec root are below `/run`, for the path limit of sockets. */
  readonly dir: string;
  readonly signal?: AbortSignal;
  /**
   * Whether it writes firewall rules; true unless said otherwise. Each Engine that starts empties the chains that all Engines of a
   * host share. One without rules disturbs none, but its containers do not reach other hosts.
   */
  readonly firewall?: boolean;
}

// It answers only when it has started again all that has to run.
const READY_MS = 120_000;
const TERM_MS = 15_000;
const LAUNCHES = 5;
/** Engine number n has bridge 10.n.0.1/24 and hands out networks from 10.n.128.0/17. */
const NUMBERS = { first: 100, last: 249 };

/** Starts dockerd and waits until it answers. Needs root, dockerd and iproute2. Throws with the end of its log when it does not come up. */
export async function startEngine({ dir, signal, firewall = true }: EngineOptions): Promise<PrivateEngine> {
  if (process.getuid?.() !== 0)
    throw new Error('A private Docker Engine needs root. Run this as root, or start Docker.');
  sweepAbandoned();
  const { number, folder } = claimNumber(dir);
  mkdirSync(dir, { recursive: true });
  const bridge = `hf-${number}`;
  const socket = join(folder, 'docker.sock');
  let pid = 0;
  let stopped = false;
  const launch = async (attempt = 1): Promise<void> => {
    pid = launchDaemon({ dir, folder, socket, bridge, number, firewall });
    try {
      await untilReady(socket, pid, join(dir, 'log'), signal);
    } catch (error) {
      // All Engines of a host set up the same firewall chains, and one that starts at the same moment can get in the way.
      if (attempt >= LAUNCHES || !/iptables/.test(String(error))) throw error;
      await sleep(Math.random() * 1000, undefined, { signal });
      await launch(attempt + 1);
    }
  };
  const kill = async (): Promise<void> => {
    killAll(folder);
    for (const endsAt = performance.now() + TERM_MS; isAlive(pid) && performance.now() < endsAt; ) await sleep(20);
    // A containerd that nobody has reaped yet would pass for one that runs.
    rmSync(join(folder, 'exec', 'containerd', 'containerd.pid'), { force: true });
  };
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await endGently(socket, pid);
    cleanUp(folder, bridge, dir);
  };
  try {
    run('ip', ['link', 'add', bridge, 'type', 'bridge']);
    run('ip', ['addr', 'add', `10.${number}.0.1/24`, 'dev', bridge]);
    run('ip', ['link', 'set', bridge, 'up']);
    if (!firewall) letThrough(`10.${number}.0.0/16`);
    await launch();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    socket,
    get pid() {
      return pid;
    },
    kill,
    restart: async () => {
      await kill();
      await launch();
    },
    stop,
  };
}

/** The socket of an Engine that answers: `DOCKER_HOST` when it is a unix socket, else the host's own; null when there is none. */
export async function findEngine(): Promise<string | null> {
  const named = process.env.DOCKER_HOST?.startsWith('unix://') === true ? [process.env.DOCKER_HOST.slice(7)] : [];
  for (const socket of [...named, '/var/run/docker.sock']) {
    if (await answers(socket)) return socket;
  }
  return null;
}

/** A number that no other private Engine and no link of this host uses. The folder is the claim: making it is atomic. */
function claimNumber(dir: string): { number: number; folder: string } {
  const taken = new Set(
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => /^10\.(\d+)\./.exec(address)?.[1]),
  );
  const span = NUMBERS.last - NUMBERS.first + 1;
  const offset = Math.floor(Math.random() * span);
  for (let tried = 0; tried < span; tried++) {
    const number = NUMBERS.first + ((offset + tried) % span);
    if (taken.has(String(number))) continue;
    const folder = runFolder(number);
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch {
      continue; // Another Engine has this number.
    }
    writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, bridge: `hf-${number}`, dir }));
    return { number, folder };
  }
  throw new Error(`No room for another private Engine: every network 10.100 … 10.249 is taken (see ${RUN_ROOT}/hf-*).`);
}

interface Daemon {
  readonly dir: string;
  readonly folder: string;
  readonly socket: string;
  readonly bridge: string;
  readonly number: number;
  readonly firewall: boolean;
}

function launchDaemon({ dir, folder, socket, bridge, number, firewall }: Daemon): number {
  const log = openSync(join(dir, 'log'), 'a');
  rmSync(join(folder, 'docker.pid'), { force: true });
  const options = {
    host: `unix://${socket}`,
    'data-root': join(dir, 'data'),
    'exec-root': join(folder, 'exec'),
    pidfile: join(folder, 'docker.pid'),
    bridge,
    iptables: firewall,
    'default-address-pool': `base=10.${number}.128.0/17,size=24`,
    'containerd-namespace': bridge,
    'containerd-plugins-namespace': `${bridge}-plugins`,
    'config-file': join(folder, 'daemon.json'),
    'shutdown-timeout': '5',
  };
  writeFileSync(options['config-file'], '{}');
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  // Its own temporary folder: containerd leaves a dump of its stacks there when it is slow to end.
  const env = { ...process.env, TMPDIR: join(dir, 'tmp') };
  mkdirSync(env.TMPDIR, { recursive: true });
  // Its own process group: an interrupt at the terminal reaches the caller, and the caller stops the Engine.
  const child = spawn('dockerd', args, { stdio: ['ignore', log, log], detached: true, env });
  child.on('error', (error) => writeFileSync(log, `dockerd cannot be started: ${error.message}\n`));
  child.unref();
  return child.pid ?? 0;
}

async function untilReady(socket: string, pid: number, log: string, signal: AbortSignal | undefined): Promise<void> {
  const endsAt = performance.now() + READY_MS;
  while (!(await answers(socket))) {
    signal?.throwIfAborted();
    if (pid === 0 || !isAlive(pid)) throw new Error(`The private Engine ended while it started.\n${logEnd(log)}`);
    if (performance.now() > endsAt) {
      throw new Error(`The private Engine did not answer within ${READY_MS / 1000} s.\n${logEnd(log)}`);
    }
    await sleep(50, undefined, { signal });
  }
}

/** Whatever the rules of others on this host say, its containers reach each other. The clean-up knows the rule by the network. */
function letThrough(net: string): void {
  run('iptables', ['-w', '-I', 'FORWARD', '-s', net, '-d', net, '-j', 'ACCEPT']);
}

/** Removes containers by force first: most ignore SIGTERM as process 1, and the Engine would wait for each. */
async function endGently(socket: string, pid: number): Promise<void> {
  if (pid === 0 || !isAlive(pid)) return;
  try {
    const list = await request({ socket, path: '/containers/json' });
    const running = JSON.parse(list.text) as { Id: string }[];
    await Promise.all(
      running.map(({ Id }) => request({ socket, method: 'DELETE', path: `/containers/${Id}?force=true` })),
    );
    process.kill(pid, 'SIGTERM');
  } catch {
    return; // It hangs or dies at this moment: the clean-up that follows kills what is left.
  }
  const endsAt = performance.now() + TERM_MS;
  while (isAlive(pid) && performance.now() < endsAt) await sleep(50);
}

function logEnd(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-20).join('\n');
}
