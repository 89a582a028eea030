// What carries out each kind of step.
import type { HoldfastError } from '../../fleet/error.ts';
import type { Executor } from '../apply/apply-plan.ts';
import type { Parts } from './parts.ts';

/** `refused`: why no pull may begin. Every kind of step has its one place: Engine calls in the Engine's shell, file operations in the content store. */
export function createExecutor(
  { engine, images, content, source }: Pick<Parts, 'engine' | 'images' | 'content' | 'source'>,
  refused: HoldfastError | null,
): Executor {
  return {
    ...engine.steps,
    'pull-image': async (step, signal) => {
      if (refused !== null) throw refused;
      await images.pull(step, signal);
    },
    'write-content': (step, signal) => content.write(step.content, (oid, inner) => source.readBlob(oid, inner), signal),
    'write-live': (step, signal) => content.writeLive(step, (oid, inner) => source.readBlob(oid, inner), signal),
    'make-data-folder': (step) => content.makeDataFolder(step.path),
  };
}
