// How a service is doing, from what the Engine shows of its container.
import { cutShort } from '../mask.ts';
import type { Health } from '../model/conditions.ts';
import type { ObservedContainer } from '../model/observed.ts';
import { isCompleted } from './compare.ts';

export interface ServiceHealth {
  readonly health: Health;
  /** Why, when it is not healthy. */
  readonly message?: string;
}

export function serviceHealth(container: ObservedContainer | undefined, restart: string | undefined): ServiceHealth {
  if (container === undefined) return { health: 'Missing', message: 'no container' };
  const { State, RestartCount = 0 } = container.inspect;
  switch (State.Status) {
    case 'running':
      return runningHealth(State.Health);
    case 'paused':
      return { health: 'Suspended', message: 'paused' };
    case 'created':
      return State.Error
        ? { health: 'Degraded', message: State.Error }
        : { health: 'Progressing', message: 'not started yet' };
    case 'restarting':
      return { health: 'Degraded', message: `restarting (${RestartCount} times), ${exit(State)}` };
    case 'exited':
      return isCompleted(container, restart)
        ? { health: 'Healthy' }
        : { health: 'Degraded', message: State.Error || exit(State) };
    case 'removing':
    case 'dead':
      return { health: 'Degraded', message: State.Status };
  }
}

/** Of what a health check says. */
const OUTPUT_CHARACTERS = 500;

type State = ObservedContainer['inspect']['State'];

function runningHealth(check: State['Health']): ServiceHealth {
  if (check?.Status === 'starting') return { health: 'Progressing', message: 'health check has not passed yet' };
  if (check?.Status !== 'unhealthy') return { health: 'Healthy' };
  const last = check.Log?.at(-1)?.Output?.trim();
  return { health: 'Degraded', message: last ? `unhealthy: ${cutShort(last, OUTPUT_CHARACTERS)}` : 'unhealthy' };
}

function exit(state: State): string {
  return state.OOMKilled ? 'killed: out of memory' : `exited with code ${state.ExitCode ?? 0}`;
}
