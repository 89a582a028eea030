// Every device of a repository, checked in parallel. Results come as they are made, so that nothing grows with the fleet;
// their order is not that of the devices.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createChecker, type DeviceCheck } from './check-devices.ts';

/** What a thread answers to a batch of devices. */
export type ThreadAnswer =
  | { readonly kind: 'checked'; readonly found: readonly DeviceCheck[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Devices that a thread gets at once. */
const BATCH = 64;
/** Fewer devices than this are checked sooner than threads start. */
const ALONE = 400;
/** More threads than this wait for the disk. */
const THREADS = 8;
/** What a device leaves behind is swept early: without this, a thread's memory grows with the fleet for no gain. */
const YOUNG_MIB = 16;
/** One batch takes far less; a file system that hangs must not hang the command for good. */
const BATCH_MS = 300_000;

export interface FleetCheck {
  readonly folder: string;
  readonly devices: readonly string[];
  /** CPUs that may be used. */
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly onChecked: (check: DeviceCheck) => void;
}

/** Rejects when a file cannot be read or the signal aborts. */
export async function checkFleet(fleet: FleetCheck): Promise<void> {
  const file = threadFile();
  if (file === null || fleet.devices.length < ALONE || fleet.parallel < 2) return checkAlone(fleet);
  const batches: string[][] = [];
  for (let at = 0; at < fleet.devices.length; at += BATCH) batches.push(fleet.devices.slice(at, at + BATCH));
  const threads = Array.from({ length: Math.min(fleet.parallel, THREADS, batches.length) }, () => {
    return new Worker(file, { workerData: fleet.folder, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } });
  });
  try {
    await Promise.all(threads.map((thread) => drain(thread, batches, fleet)));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

async function checkAlone({ folder, devices, signal, onChecked }: FleetCheck): Promise<void> {
  const check = createChecker(folder);
  for (const [index, device] of devices.entries()) {
    // Reading is synchronous: now and then a Ctrl-C gets its turn.
    if (index % BATCH === 0) await new Promise(setImmediate);
    signal.throwIfAborted();
    onChecked(check(device));
  }
}

/** One thread's work: batch by batch until none is left. */
async function drain(thread: Worker, batches: string[][], { signal, onChecked }: FleetCheck): Promise<void> {
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    signal.throwIfAborted();
    const answer = await ask(thread, batch, signal);
    if (answer.kind === 'failed') throw new Error(answer.message);
    for (const check of answer.found) onChecked(check);
  }
}

function ask(thread: Worker, batch: readonly string[], signal: AbortSignal): Promise<ThreadAnswer> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => done(() => reject(new Error('reading the repository takes too long'))), BATCH_MS);
    const answered = (answer: ThreadAnswer) => done(() => resolve(answer));
    const failed = (error: unknown) => done(() => reject(error));
    const aborted = () => done(() => reject(signal.reason));
    const done = (settle: () => void) => {
      clearTimeout(late);
      thread.off('message', answered).off('error', failed);
      signal.removeEventListener('abort', aborted);
      settle();
    };
    thread.on('message', answered).on('error', failed);
    signal.addEventListener('abort', aborted);
    thread.postMessage(batch);
  });
}

/** The thread's program beside this one; null where all is bundled into one file. */
function threadFile(): string | null {
  const url = import.meta.url;
  if (!url?.endsWith('.ts')) return null;
  const file = fileURLToPath(new URL('./check-thread.ts', url));
  return existsSync(file) ? file : null;
}
