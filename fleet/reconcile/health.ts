// How a service is doing, from what the Engine shows of its container.
import { cutShort } from '../mask.ts';
import type { Health } from '../model/conditions.ts';
import type { DesiredApp } from '../model/desired.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { Service } from '../model/service.ts';
import { isCompleted } from './compare.ts';
import { outOfMemory } from './crash-loop.ts';
import { matchService } from './match.ts';
import { hasFailed, isOneShot } from './one-shot.ts';
import { serviceResource } from './plan/frame.ts';

export interface ServiceHealth {
  readonly health: Health;
  /** Why, when it is not healthy. */
  readonly message?: string;
}

/** A service's container and how it is doing, with what earlier looks have shown. */
export function healthOf(
  device: string,
  app: DesiredApp,
  service: Service,
  observed: Observed,
): ServiceHealth & { readonly main: ObservedContainer | undefined } {
  const { main } = matchService(device, app, service, observed, () => true);
  if (observed.completed?.has(serviceResource(app, service))) return { main, health: 'Healthy' };
  const now = serviceHealth(main, service.restart);
  if (main === undefined) return { main, ...now };
  if (isOneShot(app, service) && hasFailed(main))
    return { main, ...now, message: `${now.message}; it runs again when its spec changes or its container is removed` };
  const crashLoop = observed.crashLoops?.get(main.inspect.Id);
  if (crashLoop === undefined || main.inspect.State.Status === 'paused') return { main, ...now };
  return { main, health: 'Degraded', message: crashLoop };
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
      return { health: 'Degraded', message: `restarting (${RestartCount} times), ${exit(container)}` };
    case 'exited':
      return isCompleted(container, restart)
        ? { health: 'Healthy' }
        : { health: 'Degraded', message: State.Error || exit(container) };
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

function exit({ inspect: { State, HostConfig } }: ObservedContainer): string {
  return State.OOMKilled ? outOfMemory(HostConfig.Memory ?? 0) : `exited with code ${State.ExitCode ?? 0}`;
}
