// Brings a candidate up beside the container that serves, without names, and waits until it is ready.
import type { ContainerCreate } from '../../engine/create.ts';
import type { ObservedContainer } from '../../model/observed.ts';
import type { Service } from '../../model/service.ts';
import type { Declaration } from '../attribute.ts';
import { endpointConfig, networkAddress } from '../attributes/networking.ts';
import { isUnhooked } from '../inventory-item.ts';
import { nameOf } from '../match.ts';
import type { AppSteps } from './app-steps.ts';
import { bareBody, bareEndpoint, unjoined } from './candidate.ts';
import type { StepFrame } from './draft.ts';
import type { Scope } from './scope.ts';
import { afterStart, platformOf, startHooks } from './steps.ts';

/** One without a health check is ready when it has run for so long. */
const STEADY_MS = 3000;

export interface Proof {
  /** A candidate that is there already. */
  readonly candidate: ObservedContainer | undefined;
  /** How it is made otherwise. */
  readonly name: string;
  readonly body: ContainerCreate;
  readonly trial: boolean;
  /** Steps that its creation waits for. */
  readonly prepared: readonly (string | undefined)[];
}

/** Returns the step after which it is ready. */
export function prove(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  frame: StepFrame,
  { candidate, name, body, trial, prepared }: Proof,
): string {
  const { app, service } = declaration;
  const { draft } = scope;
  const container = candidate === undefined ? name : candidate.inspect.Id;
  const detail = trial ? 'trial' : 'beside';
  const made =
    candidate === undefined
      ? draft.add(
          { kind: 'create-container', name, ...platformOf(service), body: bareBody(body, trial) },
          { ...frame, after: [...prepared, ...(frame.after ?? [])], detail },
        )
      : undefined;
  let last: readonly (string | undefined)[] = made === undefined ? (frame.after ?? []) : [made];
  for (const [key, attachment] of unjoined(scope, app, service, candidate)) {
    const network = networkAddress(declaration, key);
    const endpoint = bareEndpoint(endpointConfig(declaration, key, attachment));
    const after = [...last, steps.networks.ready(key)];
    last = [
      draft.add(
        { kind: 'connect-network', container, network, endpoint },
        { ...frame, after, detail: `${key} ${detail}` },
      ),
    ];
  }
  const started = start(scope, declaration, steps, { ...frame, after: last, detail }, container, candidate);
  return draft.add(
    {
      kind: 'await-service',
      container: candidate === undefined ? name : nameOf(candidate),
      condition: 'service_ready',
      timeoutMs: app.healthTimeoutMs,
      ...(hasCheck(service) ? {} : { steadyMs: STEADY_MS }),
    },
    { ...frame, cause: 'the old container serves until it is ready', after: started, detail },
  );
}

function start(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  frame: StepFrame,
  container: string,
  candidate: ObservedContainer | undefined,
): readonly (string | undefined)[] {
  const status = candidate?.inspect.State.Status;
  const after = [...(frame.after ?? []), ...steps.dependencies()];
  if (status !== 'running' && status !== 'restarting') {
    const started = scope.draft.add({ kind: 'start-container', container }, { ...frame, after });
    return [afterStart(scope, declaration, container, frame, started)];
  }
  const pending = scope.inventory.some(
    (item) => item.resource === frame.resource && item.name === (candidate && nameOf(candidate)) && isUnhooked(item),
  );
  const hooked =
    pending && status === 'running' ? startHooks(scope, declaration, container, { ...frame, after }) : undefined;
  return hooked === undefined ? after : [hooked];
}

function hasCheck({ healthcheck }: Service): boolean {
  return healthcheck?.test !== undefined && healthcheck.test[0] !== 'NONE';
}
