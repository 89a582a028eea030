// `holdfast-agent run` and `once`.
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { assemble } from '../assemble.ts';
import { createAgent } from '../loop/agent.ts';
import type { Parts } from '../loop/parts.ts';
import type { Watched } from '../metrics/watch.ts';
import { createLog } from './log.ts';

/** What is under way when a stop is asked for gets this long; then the process ends all the same. */
const STOP_MS = 4500;

/** Runs until SIGTERM or SIGINT. */
export async function run(config: AgentConfig): Promise<number> {
  const log = createLog(config.log.level, { device: config.device });
  const parts = await assemble(config, log);
  const signal = stopSignal();
  signal.addEventListener('abort', () => {
    log('info', 'stopping');
    setTimeout(() => process.exit(0), STOP_MS).unref();
  });
  const watched = await watchedBy(config, parts);
  try {
    await createAgent(watched.parts).run(signal);
    return 0;
  } finally {
    await watched.stop();
    parts.store.close();
  }
}

/** Loaded only where somebody asked for it. */
async function watchedBy({ metrics }: AgentConfig, parts: Parts): Promise<Pick<Watched, 'parts' | 'stop'>> {
  if (metrics === undefined) return { parts, stop: () => Promise.resolve() };
  return await (await import('../metrics/watch.ts')).watch(parts, metrics.listen);
}

/** One full reconcile; 0 when the device is where Git wants it. */
export async function once(config: AgentConfig): Promise<number> {
  const log = createLog(config.log.level, { device: config.device });
  const parts = await assemble(config, log);
  try {
    const { status } = await createAgent(parts).once(stopSignal());
    const ready = status.conditions.find(({ type }) => type === 'Ready');
    log(ready?.status === 'True' ? 'info' : 'error', `${status.sync}, ${status.health}: ${ready?.message ?? ''}`, {
      reason: ready?.reason,
    });
    return ready?.status === 'True' ? 0 : 1;
  } finally {
    parts.store.close();
  }
}

export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
