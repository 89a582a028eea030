// Figures about the host for the status message: memory, disk, load. Cached, bounded in time, never an error:
// a host that cannot say how it is doing still reconciles. Starts no process but systeminformation's one-time `osInfo`.
import { statfs } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { mem, osInfo } from 'systeminformation';
import type { HostFacts } from '../../fleet/wire/messages.ts';

/** Figures are at most this old. */
export const FACTS_CACHE_MS = 60_000;
const FACTS_DEADLINE_MS = 3_000;

export type Host = Omit<HostFacts, 'engine'>;

export interface HostProbe {
  /** null: unknown, or not in time. Never rejects. */
  facts(): Promise<Host | null>;
}

/** `look` and `monotonicMs` are arguments for tests. */
export function createHostProbe(given: {
  stateDir: string;
  look?: (stateDir: string) => Promise<Host>;
  monotonicMs?: () => number;
  deadlineMs?: number;
}): HostProbe {
  const look = given.look ?? createLook();
  const monotonicMs = given.monotonicMs ?? (() => performance.now());
  let cached: { at: number; facts: Host | null } | null = null;
  let running: Promise<Host | null> | null = null;
  return {
    async facts() {
      if (cached !== null && monotonicMs() - cached.at < FACTS_CACHE_MS) return cached.facts;
      // One look at a time: a look that hangs is never joined by another.
      running ??= look(given.stateDir).then(settle, () => settle(null));
      return await within(running, given.deadlineMs ?? FACTS_DEADLINE_MS);
    },
  };

  function settle(facts: Host | null): Host | null {
    running = null;
    cached = { at: monotonicMs(), facts };
    return facts;
  }
}

type Os = { readonly distro: string; readonly release: string };

/** What does not change is asked once. `readOs` is an argument for tests. */
export function createLook(readOs: () => Promise<Os> = osInfo): (stateDir: string) => Promise<Host> {
  let os: Promise<Os> | null = null;
  return async (stateDir) => {
    os ??= readOs().catch((error: unknown) => {
      os = null;
      throw error;
    });
    const [system, memory, disk] = await Promise.all([os, mem(), statfs(stateDir)]);
    return {
      os: `${system.distro} ${system.release}`.trim().slice(0, 256),
      arch: process.arch,
      cpus: availableParallelism(),
      mem_bytes: memory.total,
      mem_used_bytes: Math.max(0, memory.total - memory.available),
      disk_bytes: disk.blocks * disk.bsize,
      disk_used_bytes: (disk.blocks - disk.bfree) * disk.bsize,
      load1: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    };
  };
}

async function within(facts: Promise<Host | null>, deadlineMs: number): Promise<Host | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, deadlineMs, null);
  });
  try {
    return await Promise.race([facts, late]);
  } finally {
    clearTimeout(timer);
  }
}
