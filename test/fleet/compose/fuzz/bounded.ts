// A resolver in a thread of its own, so that an input which never ends or eats all memory is a finding, not the end of
// the test. What an input may cost is counted in processor time, which a busy machine does not change much; a deadline
// far above it ends what would never end. A thread that was lost is replaced.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Files } from '../../repo/tree.ts';

/** For one input, twice resolved: generous, since the worst of them take a tenth of it. */
const CPU_MS = 8000;
const DEADLINE_MS = 60_000;
const HEAP_MB = 256;

export interface Judgement {
  /** What is wrong with how the files resolve; '' when nothing is. */
  readonly said: string;
  readonly cpuMs: number;
}

export interface Bounded {
  /** What is wrong with how the files resolve; '' when nothing is. */
  check(files: Files): Promise<string>;
  stop(): Promise<void>;
}

export function createBounded(): Bounded {
  let worker: Worker | null = null;
  const stop = async (): Promise<void> => {
    await worker?.terminate();
    worker = null;
  };
  return {
    stop,
    async check(files) {
      worker ??= new Worker(new URL('./worker.ts', import.meta.url), {
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      });
      worker.postMessage(files);
      try {
        const [answer] = await once(worker, 'message', { signal: AbortSignal.timeout(DEADLINE_MS) });
        const { said, cpuMs } = answer as Judgement;
        return said === '' && cpuMs > CPU_MS ? `took ${Math.round(cpuMs)} ms of processor time` : said;
      } catch (error) {
        await stop();
        const name = error instanceof Error ? error.name : '';
        return name === 'AbortError' ? `took more than ${DEADLINE_MS} ms` : `ended the thread: ${String(error)}`;
      }
    },
  };
}
