// Step shapes that several parts of the planner share.
import type { ObservedContainer } from '../../model/observed.ts';
import type { Declaration } from '../attribute.ts';
import { endpointConfig, networkName } from '../attributes/networking.ts';
import type { StepFrame } from './draft.ts';
import type { Scope } from './scope.ts';

const ENGINE_STOP_TIMEOUT_S = 10;

/** How long a container gets to stop: its own setting, else the Engine's default. */
export function stopTimeoutS(container: ObservedContainer): number {
  return container.inspect.Config.StopTimeout ?? ENGINE_STOP_TIMEOUT_S;
}

/** A container is created on its first network; the others are connected before it starts. */
export function connectOthers(
  scope: Scope,
  { app, service }: Declaration,
  container: string,
  frame: StepFrame,
): string[] {
  return Object.entries(service.networks)
    .slice(1)
    .map(([key, attachment]) =>
      scope.draft.add(
        {
          kind: 'connect-network',
          container,
          network: networkName(app, key),
          endpoint: endpointConfig(service.name, attachment),
        },
        { ...frame, detail: key },
      ),
    );
}
