// What a private Engine leaves behind, and its removal: processes, mounts, links, firewall rules, folders.
// Finds everything by the Engine's own run folder or bridge, so that nothing else can be hit.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export const RUN_ROOT = '/run';

export function runFolder(number: number): string {
  return `${RUN_ROOT}/hf-${number}`;
}

/** Removes all traces of an Engine, whatever state it is in. */
export function cleanUp(folder: string, bridge: string, dir: string): void {
  killAll(folder);
  unmountBelow(dir);
  unmountBelow(folder);
  const links = [bridge, ...ownNetworkLinks(dir)];
  // Rules of published ports name addresses only, all of them in this Engine's own net.
  removeRules(links, `10.${/\d+$/.exec(folder)?.[0] ?? 'none'}.`);
  for (const link of links) attempt('ip', ['link', 'delete', link]);
  rmSync(dir, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

/** Kills every process that names the exec root on its command line, and their descendants: dockerd, containerd, shims, containers. */
export function killAll(folder: string): void {
  const doomed = new Set<number>();
  const table = processes();
  for (const { pid, command } of table) {
    if (command.includes(`${folder}/exec`)) doomed.add(pid);
  }
  for (let grew = true; grew; ) {
    grew = false;
    for (const { pid, parent } of table) {
      if (!doomed.has(parent) || doomed.has(pid)) continue;
      doomed.add(pid);
      grew = true;
    }
  }
  doomed.delete(process.pid);
  for (const pid of doomed) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
  const endsAt = performance.now() + KILLED_MS;
  while ([...doomed].some(isAlive) && performance.now() < endsAt) pauseSync(10);
}

/** Cleans up Engines whose starter was itself killed and could not. */
export function sweepAbandoned(): void {
  for (const name of readdirSync(RUN_ROOT).filter((entry) => /^hf-\d+$/.test(entry))) {
    try {
      const owner = JSON.parse(readFileSync(join(RUN_ROOT, name, 'owner.json'), 'utf8')) as Record<string, unknown>;
      const { pid, bridge, dir } = owner;
      if (typeof pid !== 'number' || typeof bridge !== 'string' || typeof dir !== 'string' || isAlive(pid)) continue;
      cleanUp(join(RUN_ROOT, name), bridge, dir);
    } catch {
      // No owner file yet: it is being claimed right now, or is not ours.
    }
  }
}

/** Is there such a process, and is it more than a zombie? */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // No such process.
  }
}

/** Runs a command to its end and returns what it printed; throws with its complaint. */
export function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: COMMAND_MS });
}

const COMMAND_MS = 20_000;
const KILLED_MS = 5_000;

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): readonly ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      rows.push({
        pid: Number(name),
        parent,
        command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '),
      });
    } catch {
      // It ended while the table was read.
    }
  }
  return rows;
}

function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '))
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .reverse();
  for (const point of points) attempt('umount', ['-l', point]);
}

/** Bridges of networks that were made on this Engine; ids are unique, so a name of a network that is long gone does no harm. */
function ownNetworkLinks(dir: string): readonly string[] {
  try {
    const store = readFileSync(join(dir, 'data', 'network', 'files', 'local-kv.db'), 'latin1');
    return [...new Set(store.match(/br-[0-9a-f]{12}/g) ?? [])];
  } catch {
    return []; // It never got as far as making a network.
  }
}

/** The Engine leaves its bridges' rules behind when it stops. */
function removeRules(links: readonly string[], net: string): void {
  for (const table of ['filter', 'nat']) {
    for (const rule of attempt('iptables', ['-w', '-t', table, '-S']).split('\n')) {
      const words = rule.split(' ');
      if (words[0] !== '-A' || !words.some((word) => links.includes(word) || word.startsWith(net))) continue;
      attempt('iptables', ['-w', '-t', table, '-D', ...words.slice(1)]);
    }
  }
}

/** Runs a command whose failure means that there was nothing to remove. */
function attempt(command: string, args: readonly string[]): string {
  try {
    return run(command, args);
  } catch {
    return ''; // The link, rule or mount is already gone.
  }
}

function pauseSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
