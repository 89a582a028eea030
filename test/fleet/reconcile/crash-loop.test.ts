import { describe, expect, test } from 'vitest';
import type { ContainerInspect } from '../../../fleet/engine/inspect.ts';
import { type CrashMemory, crashLoopOf, rememberCrashes } from '../../../fleet/reconcile/crash-loop.ts';

type State = Partial<ContainerInspect['State']> & { readonly restarts?: number; readonly byRequest?: boolean };

/** One look at the container, `atS` seconds after the first. */
type Look = readonly [atS: number, State];

function containerOf({ restarts = 0, byRequest = false, ...state }: State) {
  const inspect: ContainerInspect = {
    ...{
      Id: 'x',
      Name: '/x',
      Image: 'x',
      RestartCount: restarts,
      State: { Status: 'running', StartedAt: '2026-01-01T00:00:00Z', ...state },
    },
    ...{ Config: {}, HostConfig: { Memory: 64 * 1024 ** 2 }, NetworkSettings: {} },
  };
  return { inspect, stoppedByRequest: byRequest };
}

/** What is said after each look. */
function said(looks: readonly Look[]): (string | null)[] {
  let memory: CrashMemory = new Map();
  return looks.map(([atS, state]) => {
    memory = rememberCrashes(memory, [containerOf(state)], atS * 1000);
    return crashLoopOf(memory.get('x'), atS * 1000)?.message ?? null;
  });
}

const restarting = (restarts: number, parts: State = {}): State => ({
  ...{ Status: 'restarting', restarts, ExitCode: 7, FinishedAt: `f${restarts}` },
  ...parts,
});
const running = (restarts: number): State => ({ restarts });
const exited = (finishedAt: string, parts: State = {}): State => ({
  ...{ Status: 'exited', ExitCode: 1, FinishedAt: finishedAt },
  ...parts,
});

describe('a container that the Engine restarts again and again', () => {
  test('is in a crash loop from the third restart on, and steadily so while it runs for a moment', () => {
    expect(
      said([
        [0, running(0)],
        [5, restarting(1)],
        [6, running(1)],
        [9, restarting(3)],
        [60, running(3)],
      ]),
    ).toEqual([
      null,
      null,
      null,
      'crash loop: restarted 3 times in 1 min, last exit code 7',
      'crash loop: restarted 3 times in 1 min, last exit code 7',
    ]);
  });

  test('is still in it through the longest pause that the Engine makes', () => {
    const looks: Look[] = [[0, running(0)]];
    for (let count = 1, atS = 1; count < 9; count++, atS += 63)
      looks.push([atS, restarting(count)], [atS + 62, running(count)]);
    expect(said(looks).slice(6)).not.toContain(null);
  });

  test('is out of it once it has run for twice the longest pause', () => {
    const loop: Look[] = [
      [0, running(0)],
      [10, restarting(1)],
      [50, restarting(2)],
      [90, restarting(3)],
      [91, running(3)],
    ];
    expect(said([...loop, [169, running(3)], [171, running(3)]]).slice(-2)).toEqual([
      'crash loop: restarted 3 times in 1 min, last exit code 7',
      null,
    ]);
  });

  test('is in it at the first look already when it is between two runs then', () => {
    expect(
      said([
        [0, restarting(12)],
        [1, restarting(13)],
      ]),
    ).toEqual(['crash loop: restarted 12 times, last exit code 7', 'crash loop: restarted 13 times, last exit code 7']);
  });

  test('names the memory limit when that is what ended it', () => {
    const oom: State = { OOMKilled: true, ExitCode: 137 };
    expect(
      said([
        [0, running(0)],
        [9, restarting(3, oom)],
        [10, running(3)],
      ]).at(-1),
    ).toBe('crash loop: restarted 3 times in 1 min, out of memory (limit 64 MiB)');
  });

  test('is counted on from an Engine that started anew', () => {
    expect(
      said([
        [0, running(5)],
        [9, restarting(2)],
        [10, restarting(3)],
      ]).at(-1),
    ).toContain('restarted 3 times');
  });
});

describe('a container that the agent starts again', () => {
  test('is in a crash loop at its third bad end', () => {
    expect(
      said([
        [0, exited('a')],
        [1, running(0)],
        [2, exited('b')],
        [3, exited('b')],
        [5, exited('c')],
      ]),
    ).toEqual([null, null, null, null, 'crash loop: restarted 3 times in 1 min, last exit code 1']);
  });

  test.each([
    ['ends well', { ExitCode: 0 }],
    ['is stopped', { byRequest: true }],
    ['is killed', { ExitCode: 137 }],
    ['cannot be started', { Error: 'no such command' }],
  ])('is in none when it %s', (_what, parts) => {
    expect(
      said([
        [0, exited('a', parts)],
        [1, exited('b', parts)],
        [2, exited('c', parts)],
        [3, exited('d', parts)],
      ]),
    ).toEqual([null, null, null, null]);
  });
});

test('crashes far apart are no loop', () => {
  expect(
    said([
      [0, running(0)],
      [1, restarting(1)],
      [700, restarting(2)],
      [1400, restarting(3)],
    ]).at(-1),
  ).toBeNull();
});

test('containers that are gone are forgotten', () => {
  const memory = rememberCrashes(new Map(), [containerOf(restarting(9))], 0);
  expect(rememberCrashes(memory, [], 1).size).toBe(0);
});
