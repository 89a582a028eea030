// Replaces a service's container. The old one is kept until its replacement has started.

import type { ObservedContainer } from '../../model/observed.ts';
import type { Declaration } from '../attribute.ts';
import { anonymousVolumes } from '../attributes/mounts.ts';
import { endpointConfig, networkAddress } from '../attributes/networking.ts';
import { createBody } from '../attributes.ts';
import { expectedGapMs } from '../downtime.ts';
import { isUp, nameOf, nextName, secondName, trialName } from '../match.ts';
import { formatAbout } from '../units-shown.ts';
import type { AppSteps, ServiceSteps } from './app-steps.ts';
import { type Replacing, unjoined } from './candidate.ts';
import type { StepFrame } from './draft.ts';
import { prepare } from './prepare.ts';
import { type Proof, prove } from './prove.ts';
import type { Scope } from './scope.ts';
import { startFirst } from './start-first.ts';
import { afterStart, beforeStop, connectOthers, platformOf, stopTimeoutS } from './steps.ts';
import type { Strategy } from './strategy.ts';

export function planReplacement(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  old: ObservedContainer,
  frame: Replacing,
): ServiceSteps {
  const { service } = declaration;
  const { strategy, candidates } = frame;
  const name = service.container_name;
  const prepared = candidates.next === undefined ? prepare(scope, declaration, steps, frame) : [];
  const proof: Proof = {
    candidate: candidates.next,
    // A replacement that was never promoted is itself out of date: it holds the temporary name.
    name: nameOf(old) === nextName(name) ? secondName(name) : nextName(name),
    body: createBody(
      declaration,
      anonymousVolumes(service, scope.live(declaration.app, service, old)),
      scope.observed.engine,
    ),
    trial: false,
    prepared: [...prepared, ...steps.joined()],
  };
  if (strategy.kind === 'start-first') {
    const renamed = startFirst(scope, declaration, steps, old, frame, proof);
    return { started: [renamed], interrupted: true, replaced: true };
  }
  const tried = strategy.kind === 'trial' && candidates.next === undefined;
  const cause = strategy.kind === 'trial' ? `trial without ${strategy.why}: ${frame.cause}` : frame.cause;
  const trial = tried
    ? tryOut(scope, declaration, steps, { ...frame, cause }, { ...proof, candidate: candidates.trial })
    : undefined;
  const made = makeNext(scope, declaration, steps, frame, { ...proof, prepared: [...proof.prepared, trial?.ready] });
  // From here on it is there with its ports: that it is tells the next plan that the trial went well.
  const ended = trial?.end([...made.ready]);
  return handOver(scope, declaration, steps, old, frame, { ...made, ready: [...made.ready, ended] });
}

interface Made {
  readonly container: string;
  readonly candidate: ObservedContainer | undefined;
  readonly ready: readonly (string | undefined)[];
}

/** A container without ports and addresses of its own gets ready beside the old one. `end` removes it. */
function tryOut(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  frame: StepFrame,
  proof: Proof,
): { readonly ready: string; end(after: readonly (string | undefined)[]): string } {
  const name = trialName(declaration.service.container_name);
  const ready = prove(scope, declaration, steps, frame, { ...proof, name, trial: true });
  const container = proof.candidate?.inspect.Id ?? name;
  return {
    ready,
    end(after) {
      const ended = { ...frame, cause: 'it has proved itself', detail: 'trial' };
      const stopped = scope.draft.add({ kind: 'stop-container', container, timeoutS: null }, { ...ended, after });
      return scope.draft.add({ kind: 'remove-container', container, name }, { ...ended, after: [stopped] });
    },
  };
}

/** The replacement with all that is declared, or the one that is there, on all its networks but not started. */
function makeNext(scope: Scope, declaration: Declaration, steps: AppSteps, frame: StepFrame, proof: Proof): Made {
  const { app, service } = declaration;
  const { candidate } = proof;
  if (candidate === undefined) {
    const created = scope.draft.add(
      { kind: 'create-container', name: proof.name, ...platformOf(service), body: proof.body },
      { ...frame, after: [...proof.prepared, ...(frame.after ?? [])] },
    );
    const connected = connectOthers(scope, declaration, proof.name, { ...frame, after: [created] });
    return { container: proof.name, candidate, ready: [created, ...connected] };
  }
  const container = candidate.inspect.Id;
  const ready: (string | undefined)[] = [...(frame.after ?? [])];
  for (const [key, attachment] of unjoined(scope, app, service, candidate)) {
    const endpoint = endpointConfig(declaration, key, attachment);
    const after = [...ready, steps.networks.ready(key)];
    ready.push(
      scope.draft.add(
        { kind: 'connect-network', container, network: networkAddress(declaration, key), endpoint },
        { ...frame, detail: key, after },
      ),
    );
  }
  return { container, candidate, ready };
}

/** The old one stops, the new one starts, and takes the name. */
function handOver(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  old: ObservedContainer,
  frame: Replacing,
  { container, candidate, ready: made }: Made,
): ServiceSteps {
  const { service } = declaration;
  const { draft } = scope;
  const name = service.container_name;
  const ready = [...made, ...steps.dependencies()];
  const gapMs = expectedGapMs(stopTimeoutS(old));
  const stopped = isUp(old)
    ? draft.add(
        { kind: 'stop-container', container: old.inspect.Id, timeoutS: stopTimeoutS(old), gapMs },
        {
          ...frame,
          cause: `${frame.cause}${explained(frame.strategy, gapMs)}`,
          after: [...ready, beforeStop(scope, old, service, { ...frame, after: ready })],
        },
      )
    : undefined;
  const started =
    candidate !== undefined && isUp(candidate)
      ? stopped
      : draft.add(
          { kind: 'start-container', container },
          { ...frame, after: stopped === undefined ? ready : [stopped] },
        );
  const removed = draft.add(
    { kind: 'remove-container', container: old.inspect.Id, name: nameOf(old) },
    { ...frame, after: [...(started === undefined ? ready : [started])] },
  );
  const renamed = draft.add({ kind: 'rename-container', container, name }, { ...frame, after: [removed] });
  // Only then does its name lead to the new container.
  const ended = afterStart(scope, declaration, name, frame, renamed);
  return { started: [ended], interrupted: true, replaced: true };
}

/** Why a service whose file asks for more has a gap, and of what length. */
function explained(strategy: Strategy, gapMs: number): string {
  if (strategy.kind === 'start-first' || strategy.why === undefined) return '';
  return `; stop-first, since ${strategy.why}${strategy.kind === 'trial' ? ' passes from one to the other' : ''}: expected gap about ${formatAbout(gapMs)}`;
}
