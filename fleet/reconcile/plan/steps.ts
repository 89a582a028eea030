// Step shapes that several parts of the planner share.

import type { ObservedContainer } from '../../model/observed.ts';
import type { Hook, Service } from '../../model/service.ts';
import type { Declaration } from '../attribute.ts';
import { endpointConfig, joinsAtCreation, networkAddress, orderedNetworks } from '../attributes/networking.ts';
import { recordedHooks } from '../attributes/surroundings.ts';
import type { StepFrame } from './draft.ts';
import type { Scope } from './scope.ts';

const ENGINE_STOP_TIMEOUT_S = 10;

/** How long a container gets to stop: its own setting, else the Engine's default. */
export function stopTimeoutS(container: ObservedContainer): number {
  return container.inspect.Config.StopTimeout ?? ENGINE_STOP_TIMEOUT_S;
}

/** What create and pull calls say about the platform. */
export function platformOf({ platform }: Service): { readonly platform?: string } {
  return platform === undefined ? {} : { platform };
}

/** A container is created on its first network; the others are connected before it starts, one after the other. */
export function connectOthers(scope: Scope, declaration: Declaration, container: string, frame: StepFrame): string[] {
  const connected: string[] = [];
  for (const [key, attachment] of orderedNetworks(declaration.service).slice(1)) {
    if (joinsAtCreation(scope.observed.engine, attachment)) continue;
    const action = {
      kind: 'connect-network',
      container,
      network: networkAddress(declaration, key),
      endpoint: endpointConfig(declaration, key, attachment),
    } as const;
    connected.push(
      scope.draft.add(action, { ...frame, detail: key, after: [...(frame.after ?? []), connected.at(-1)] }),
    );
  }
  return connected;
}

/** The steps after which a container that has just started is ready: its hooks, one after the other, or the start itself. */
export function afterStart(
  scope: Scope,
  declaration: Declaration,
  container: string,
  frame: Omit<StepFrame, 'cause'>,
  started: string,
): string {
  return startHooks(scope, declaration, container, { ...frame, after: [started] }) ?? started;
}

/** Adds the hooks that follow a start; returns the last one. */
export function startHooks(
  scope: Scope,
  { app, service }: Declaration,
  container: string,
  frame: Omit<StepFrame, 'cause'>,
): string | undefined {
  const timeoutMs = app.healthTimeoutMs;
  return addHooks(scope, container, 'post_start', service.post_start ?? [], { frame, timeoutMs });
}

/**
 * The hooks of a running container before it is stopped or restarted: those that were declared when it was applied.
 * Returns the last one. They get as long as the container itself to stop, and do not hold it up when they fail.
 */
export function beforeStop(
  scope: Scope,
  container: ObservedContainer,
  service: Service | undefined,
  frame: Omit<StepFrame, 'cause'>,
): string | undefined {
  if (container.inspect.State.Status !== 'running') return undefined;
  const item = scope.listed(container);
  const recorded = item?.resource === frame.resource ? (recordedHooks(item.applied, 'pre_stop') ?? []) : undefined;
  const timeoutMs = stopTimeoutS(container) * 1000;
  return addHooks(scope, container.inspect.Id, 'pre_stop', recorded ?? service?.pre_stop ?? [], { frame, timeoutMs });
}

function addHooks(
  { draft }: Scope,
  container: string,
  when: 'post_start' | 'pre_stop',
  hooks: readonly Hook[],
  { frame, timeoutMs }: { readonly frame: Omit<StepFrame, 'cause'>; readonly timeoutMs: number },
): string | undefined {
  let last: string | undefined;
  for (const [index, hook] of hooks.entries()) {
    const cause = hooks.length === 1 ? when : `${when} ${index + 1} of ${hooks.length}`;
    last = draft.add(
      { kind: 'run-hook', container, hook, timeoutMs, required: when === 'post_start' },
      { ...frame, cause, detail: cause, after: [...(frame.after ?? []), last] },
    );
  }
  return last;
}
