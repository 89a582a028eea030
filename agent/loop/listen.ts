// Hears what the Engine tells for as long as the agent runs. Every health check is an exec session, and they are many: sessions
// are told only while an app asks for them (`drift.inside`).
import type { Desired } from '../../fleet/model/desired.ts';
import type { Engine, Watch } from '../docker/engine.ts';

export interface Listener {
  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Another revision is declared. */
  onRevision(): void;
}

export function createListener(
  engine: Pick<Engine, 'watch'>,
  desired: () => Desired | null,
  given: Omit<Watch, 'execs'>,
): Listener {
  let execs = false;
  let changed = new AbortController();
  return {
    async run(signal) {
      while (!signal.aborted) {
        execs = asksForExecs(desired());
        changed = new AbortController();
        await engine.watch({ ...given, execs }, AbortSignal.any([signal, changed.signal]));
      }
    },
    onRevision() {
      if (asksForExecs(desired()) !== execs) changed.abort();
    },
  };
}

function asksForExecs(desired: Desired | null): boolean {
  return desired?.apps.some(({ insideMs }) => insideMs !== null) === true;
}
