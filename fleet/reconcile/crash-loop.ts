// Crash loops: containers that end again and again, whether the Engine or this agent starts them. What one look shows is not
// enough, since such a container runs well for a moment each time: looks are remembered here. Pure; time is an argument.
import type { ObservedContainer } from '../model/observed.ts';
import { hasFailed } from './one-shot.ts';

/** As many crashes make a loop, */
const CRASHES = 3;
/** within this time. */
const WINDOW_MS = 10 * 60_000;
/** It is over when nothing crashed for twice the longest pause between two crashes, and for this long (the Engine waits up to a minute). */
const CALM_MS = 60_000;
/** Looks that saw a crash; older ones are forgotten. */
const MAX_CRASHES = 50;

/** What is remembered of one container. */
export interface Crashes {
  /** `RestartCount` at the last look. */
  readonly restarts: number;
  /** `FinishedAt` of the last end that was counted. */
  readonly finishedAt: string;
  /** When crashes were seen, and how many at once; the oldest first. */
  readonly seen: readonly { readonly atMs: number; readonly count: number }[];
  /** It had crashed before anybody looked, nobody knows over which time. */
  readonly before: number;
  readonly exitCode: number | null;
  /** The last end was for want of memory: its limit in bytes, 0 without one; null: it was not. */
  readonly outOfMemory: number | null;
}

/** By container id. */
export type CrashMemory = ReadonlyMap<string, Crashes>;

export interface CrashLoop {
  readonly message: string;
}

/** What is remembered after one more look; containers that are gone are forgotten. `nowMs` may be any clock that does not jump. */
export function rememberCrashes(
  memory: CrashMemory,
  containers: readonly ObservedContainer[],
  nowMs: number,
): CrashMemory {
  return new Map(
    containers.map((container) => [container.inspect.Id, remember(memory.get(container.inspect.Id), container, nowMs)]),
  );
}

/** For whom nothing counts that crashed before this look. */
export function afterCrashes(containers: readonly ObservedContainer[]): CrashMemory {
  return new Map(
    containers.map((container) => [
      container.inspect.Id,
      { ...remember(undefined, container, 0), seen: [], before: 0 },
    ]),
  );
}

/** For whom all counts that a container has crashed, which nobody has seen before. */
export const NEVER_CRASHED: Crashes = {
  ...{ restarts: 0, finishedAt: '', seen: [], before: 0, exitCode: null, outOfMemory: null },
};

/** null: it is none, or not any more. */
export function crashLoopOf(crashes: Crashes | undefined, nowMs: number): CrashLoop | null {
  if (crashes === undefined) return null;
  const { seen, before } = crashes;
  const [first] = seen;
  const last = seen.at(-1);
  if (first === undefined || last === undefined) return null;
  const count = seen.reduce((sum, one) => sum + one.count, 0);
  if (count + before < CRASHES) return null;
  const pauses = seen.slice(1).map(({ atMs }, index) => atMs - (seen[index]?.atMs ?? atMs));
  if (nowMs - last.atMs > Math.max(CALM_MS, 2 * Math.max(0, ...pauses))) return null;
  const minutes = Math.max(1, Math.round((last.atMs - first.atMs) / 60_000));
  const often = before > 0 ? `${count + before} times` : `${count} times in ${minutes} min`;
  return { message: `crash loop: restarted ${often}${lastEnd(crashes)}` };
}

function lastEnd({ outOfMemory: limit, exitCode }: Crashes): string {
  if (limit !== null) return `, ${outOfMemory(limit)}`;
  return exitCode === null ? '' : `, last exit code ${exitCode}`;
}

/** `out of memory (limit 64 MiB)`; `limit` in bytes, 0: the host's own. */
export function outOfMemory(limit: number): string {
  if (limit <= 0) return 'out of memory';
  const mebibytes = Math.round((limit / 1024 ** 2) * 10) / 10;
  return `out of memory (limit ${mebibytes} MiB)`;
}

function remember(known: Crashes | undefined, container: ObservedContainer, nowMs: number): Crashes {
  const { State, RestartCount: restarts = 0, HostConfig } = container.inspect;
  const ended = State.Status === 'exited' || State.Status === 'restarting';
  const finishedAt = ended ? (State.FinishedAt ?? '') : (known?.finishedAt ?? '');
  // A look may see only runs, and no end: the Engine remembers this one over its own restart.
  const killed = State.OOMKilled === true ? (HostConfig.Memory ?? 0) : null;
  const last = ended
    ? { exitCode: State.ExitCode ?? null, outOfMemory: killed }
    : { exitCode: known?.exitCode ?? null, outOfMemory: killed ?? known?.outOfMemory ?? null };
  if (known === undefined) {
    const before = State.Status === 'restarting' ? restarts : 0;
    const crashed = before > 0 || hasFailed(container);
    const seen = crashed ? [{ atMs: nowMs, count: before > 0 ? 0 : 1 }] : [];
    return { restarts, finishedAt, seen, before, ...last };
  }
  // The Engine counts anew when it starts itself.
  const again = restarts >= known.restarts ? restarts - known.restarts : restarts;
  const count = again > 0 ? again : hasFailed(container) && finishedAt !== known.finishedAt ? 1 : 0;
  const seen = [...known.seen, ...(count > 0 ? [{ atMs: nowMs, count }] : [])]
    .filter(({ atMs }) => nowMs - atMs <= WINDOW_MS)
    .slice(-MAX_CRASHES);
  return { restarts, finishedAt, seen, before: seen.length === 0 ? 0 : known.before, ...last };
}
