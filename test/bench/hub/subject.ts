// What is measured: a hub, or the bare subscriber beside it. Both are processes, frozen while a broker gathers work for
// them, so that what they then need is theirs alone.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubProcess } from '../../support/hub-process.ts';
import { type Program, startProgram } from '../../support/machine.ts';

const CHILD = join(import.meta.dirname, 'counter-child.ts');
const WAIT_MS = 900_000;

export interface Subject extends AsyncDisposable {
  readonly program: Program;
  /** How often it may be asked without being held up. */
  readonly lookMs: number;
  /** Messages that it has dealt with. */
  count(): Promise<number>;
}

export async function startCounter(url: string): Promise<Subject> {
  const program = await startProgram(process.execPath, [CHILD, url]);
  let newest = 0;
  program.child.stdout?.on('data', (chunk: Buffer) => {
    newest = Number(chunk.toString().trimEnd().split('\n').at(-1));
  });
  return {
    ...{ program, lookMs: 5, count: async () => newest },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Written to its store, or dropped with a cause. */
export async function startHubSubject(hub: HubProcess): Promise<Subject> {
  const program = await hub.start();
  return {
    ...{ program, lookMs: 50, count: () => dealtWith(hub) },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

export async function dealtWith(hub: HubProcess): Promise<number> {
  return (await hub.metric('holdfast_messages_total')) + (await hub.metric('holdfast_messages_dropped_total'));
}

/** @returns milliseconds until they have dealt with `wanted` messages, all told */
export async function untilCounted(subject: Pick<Subject, 'count' | 'lookMs'>, wanted: number): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const count = await subject.count();
    const ms = performance.now() - startedMs;
    if (count >= wanted) return ms;
    if (ms > WAIT_MS) throw new Error(`only ${count} of ${wanted} messages were dealt with in ${WAIT_MS / 1000} s`);
    await sleep(subject.lookMs);
  }
}
