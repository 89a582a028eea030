// Resolves what it is sent and answers what is wrong with the outcome, and what it cost this thread.
import { parentPort } from 'node:worker_threads';
import type { Files } from '../../repo/tree.ts';
import type { Judgement } from './bounded.ts';
import { unsound } from './sound.ts';

parentPort?.on('message', (files: Files) => parentPort?.postMessage(judge(files)));

function judge(files: Files): Judgement {
  const before = process.threadCpuUsage();
  const said = outcome(files);
  const { user, system } = process.threadCpuUsage(before);
  return { said, cpuMs: (user + system) / 1000 };
}

function outcome(files: Files): string {
  try {
    return unsound(files);
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}
