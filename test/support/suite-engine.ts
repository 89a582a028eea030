// Set-up of the scenario project: one private Engine with the small images, its socket handed to the tests, stopped at the end
// whatever the tests did. That it cannot start is an error, never a reason to skip.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEngine } from '../../scripts/engine.ts';
import { ensureImages } from '../../scripts/images.ts';

declare module 'vitest' {
  interface ProvidedContext {
    engineSocket: string;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const engine = await startEngine({ dir: await mkdtemp(join(tmpdir(), 'hf-suite-')) });
  try {
    await ensureImages(engine.socket);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  project.provide('engineSocket', engine.socket);
  return () => engine.stop();
}
