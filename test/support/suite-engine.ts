// Set-up of the scenario project: for each worker a private Engine with the small images, so that files which run at the same
// time share no names. Stopped at the end whatever the tests did. That one cannot start is an error, never a reason to skip.
// And the agent as one file, which starts in a quarter of the time.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type PrivateEngine, startEngine } from '../../scripts/engine.ts';
import { ensureImages } from '../../scripts/images.ts';
import { bundle } from '../../scripts/package/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** One for each worker. */
    engineSockets: readonly string[];
    /** The agent's program. */
    agentFile: string;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const engines: PrivateEngine[] = [];
  const built = await mkdtemp(join(tmpdir(), 'hf-agent-'));
  const agentFile = join(built, 'agent.cjs');
  const stop = async (): Promise<void> => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await rm(built, { recursive: true, force: true });
  };
  try {
    await bundle('agent/main.ts', agentFile);
    for (let worker = 0; worker < project.config.maxWorkers; worker++) {
      const engine = await startEngine({ dir: await mkdtemp(join(tmpdir(), 'hf-suite-')), firewall: false });
      engines.push(engine);
      await ensureImages(engine.socket);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide(
    'engineSockets',
    engines.map(({ socket }) => socket),
  );
  project.provide('agentFile', agentFile);
  return stop;
}
