// What a process uses, as Linux counts it.
import { readFile } from 'node:fs/promises';
import type { Program } from '../../support/machine.ts';

/** Of Linux on all machines that benches run on. */
const TICK_MS = 10;

export async function residentBytes(program: Program): Promise<number> {
  const status = await readFile(`/proc/${pidOf(program)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** User and system time since it began, milliseconds. */
export async function cpuMs(program: Program): Promise<number> {
  return cpuMsOf(await readFile(`/proc/${pidOf(program)}/stat`, 'utf8'));
}

/** @param stat what /proc/<pid>/stat holds */
export function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function pidOf({ child }: Program): number {
  if (child.pid === undefined) throw new Error('the program does not run');
  return child.pid;
}
