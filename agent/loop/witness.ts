// What one look does not show, remembered over looks: containers that crash again and again, and one-shots that have run. An
// event when a crash loop begins or ends. Must not decide what is done about it.
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import { type CrashMemory, crashLoopOf, rememberCrashes } from '../../fleet/reconcile/crash-loop.ts';
import { nameOf } from '../../fleet/reconcile/match.ts';
import { completedOneShots } from '../../fleet/reconcile/one-shot.ts';
import type { NewEvent } from '../mqtt/reporter.ts';
import type { Parts } from './parts.ts';

/** More crash loops than this in one look are not told one by one. */
const LOOP_EVENTS = 20;

/** Completes a look. Call it with every fresh one. */
export type Witness = (observed: Observed, desired: Desired) => Observed;

export function createWitness(
  { store, paths, monotonicMs }: Pick<Parts, 'store' | 'paths' | 'monotonicMs'>,
  event: (event: NewEvent) => void,
): Witness {
  let memory: CrashMemory = new Map();
  /** By container id, the names of those in a loop. */
  let looping: ReadonlyMap<string, string> = new Map();

  return (observed, desired) => {
    const { revision } = desired;
    const nowMs = monotonicMs();
    memory = rememberCrashes(memory, observed.containers, nowMs);
    const crashLoops = new Map<string, string>();
    const names = new Map<string, string>();
    for (const container of observed.containers) {
      const { Id } = container.inspect;
      const loop = crashLoopOf(memory.get(Id), nowMs);
      if (loop === null) continue;
      crashLoops.set(Id, loop.message);
      names.set(Id, nameOf(container));
    }
    const begun = [...names].filter(([id]) => !looping.has(id)).slice(0, LOOP_EVENTS);
    const ended = [...looping].filter(([id]) => !names.has(id)).slice(0, LOOP_EVENTS);
    for (const [id, name] of begun) {
      const message = `${name}: ${crashLoops.get(id)}`;
      event({ severity: 'warning', reason: 'HealthCheckFailed', message, revision, resource: null });
    }
    for (const [, name] of ended)
      event({
        severity: 'info',
        reason: 'Succeeded',
        message: `${name}: its crash loop has ended`,
        revision,
        resource: null,
      });
    looping = names;
    return { ...observed, crashLoops, completed: completedOneShots(desired, paths, store.inventory()) };
  };
}
