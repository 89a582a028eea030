// Replaces a container without a moment in which nobody serves: the new one gets ready beside it, then the service's
// names, and only then does the old one lose them and go.
import type { ObservedContainer } from '../../model/observed.ts';
import type { Declaration } from '../attribute.ts';
import { endpointConfig, networkAddress, networkName, orderedNetworks } from '../attributes/networking.ts';
import { answers, nameOf } from '../match.ts';
import type { AppSteps } from './app-steps.ts';
import type { Replacing } from './candidate.ts';
import type { StepFrame } from './draft.ts';
import { type Proof, prove } from './prove.ts';
import { retire } from './retire.ts';
import type { Scope } from './scope.ts';

/** Returns the step after which the new container has taken the old one's place and name. */
export function startFirst(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  old: ObservedContainer,
  frame: Replacing,
  proof: Proof,
): string {
  const { app, service } = declaration;
  const name = proof.candidate === undefined ? proof.name : nameOf(proof.candidate);
  const container = proof.candidate?.inspect.Id ?? proof.name;
  const ready = prove(scope, declaration, steps, frame, proof);
  const named = giveNames(scope, declaration, container, proof.candidate, { ...frame, after: [ready] });
  const removed = retire(
    scope,
    service,
    old,
    { name, timeoutMs: app.healthTimeoutMs },
    { ...frame, after: [ready, named] },
    frame,
  );
  return scope.draft.add(
    { kind: 'rename-container', container, name: service.container_name },
    { ...frame, after: [removed] },
  );
}

/** The Engine gives names only with a connection: it is connected again, before anybody is served by it. */
function giveNames(
  scope: Scope,
  declaration: Declaration,
  container: string,
  candidate: ObservedContainer | undefined,
  frame: StepFrame,
): string | undefined {
  const { app, service } = declaration;
  const { draft } = scope;
  const cause = 'it is ready, and the service’s names lead to it';
  const connected = candidate?.inspect.NetworkSettings.Networks ?? {};
  let last: string | undefined;
  for (const [key, attachment] of orderedNetworks(service)) {
    const network = networkAddress(declaration, key);
    const endpoint = connected[networkName(app, key)];
    if (candidate !== undefined && endpoint !== undefined && answers(candidate.inspect, endpoint)) continue;
    const after = [...(frame.after ?? []), last];
    const left = draft.add(
      { kind: 'disconnect-network', container, network },
      { ...frame, cause, after, detail: `${key} new` },
    );
    last = draft.add(
      { kind: 'connect-network', container, network, endpoint: endpointConfig(declaration, key, attachment) },
      { ...frame, cause, after: [left], detail: `${key} new` },
    );
  }
  return last;
}
