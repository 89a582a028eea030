// Replaces a service's container. The old one is kept until its replacement has started; one whose replacement cannot
// start serves on, until Git declares something else.

import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import { LABEL } from '../../names.ts';
import type { Declaration } from '../attribute.ts';
import { anonymousVolumes } from '../attributes/mounts.ts';
import { networkKeyOf, networkName } from '../attributes/networking.ts';
import { createBody, specOf } from '../attributes.ts';
import { hasStarted, nameOf, nextName, startFailure } from '../match.ts';
import type { StepFrame } from './draft.ts';
import { frameOf } from './frame.ts';
import { planInPlace } from './in-place.ts';
import { prepare } from './prepare.ts';
import type { Scope } from './scope.ts';
import type { AppSteps, ServiceSteps } from './service.ts';
import { afterStart, beforeStop, connectOthers, platformOf, stopTimeoutS } from './steps.ts';

export function planReplacement(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  old: ObservedContainer,
  frame: StepFrame & { readonly changed: boolean },
): ServiceSteps {
  const { app, service } = declaration;
  const { draft } = scope;
  const name = service.container_name;
  const oldName = nameOf(old);
  // A replacement that was never promoted is itself out of date: it holds the temporary name.
  const next = oldName === nextName(name) ? secondName(name) : nextName(name);
  const prepared = prepare(scope, declaration, steps, frame);
  const created = draft.add(
    {
      kind: 'create-container',
      name: next,
      ...platformOf(service),
      body: createBody(declaration, anonymousVolumes(service, scope.live(app, service, old)), scope.observed.engine),
    },
    { ...frame, after: [...prepared, ...steps.joined(), ...(frame.after ?? [])] },
  );
  const connected = connectOthers(scope, declaration, next, { ...frame, after: [created] });
  const ready = [created, ...connected, ...steps.dependencies()];
  const running = ['running', 'restarting', 'paused'].includes(old.inspect.State.Status);
  const stopped = running
    ? draft.add(
        { kind: 'stop-container', container: old.inspect.Id, timeoutS: stopTimeoutS(old) },
        { ...frame, after: [...ready, beforeStop(scope, old, service, { ...frame, after: ready })] },
      )
    : undefined;
  const started = draft.add(
    { kind: 'start-container', container: next },
    { ...frame, after: stopped === undefined ? ready : [stopped] },
  );
  const removed = draft.add(
    { kind: 'remove-container', container: old.inspect.Id, name: oldName },
    { ...frame, after: [started] },
  );
  const renamed = draft.add({ kind: 'rename-container', container: next, name }, { ...frame, after: [removed] });
  // Only then does its name lead to the new container.
  const ended = afterStart(scope, declaration, name, frame, renamed);
  return { started: [ended], interrupted: true, replaced: true };
}

/**
 * The replacement of what is declared now, when it was tried and could not be started while the old container can be.
 * It stays as the mark of that: another attempt would only interrupt the old one again.
 */
export function failedReplacement(
  scope: Scope,
  declaration: Declaration,
  old: ObservedContainer,
  leftovers: readonly ObservedContainer[],
): ObservedContainer | undefined {
  const { app, service } = declaration;
  if (!hasStarted(old) || startFailure(old) !== undefined || old.inspect.State.Status === 'dead') return undefined;
  // What it failed on may have been a network that is made only now.
  const joins = Object.keys(service.networks).map((key) => scope.networkSteps.get(networkName(app, key)));
  if (joins.some((step) => typeof step === 'string')) return undefined;
  const spec = specOf(declaration);
  return leftovers.find(
    (container) =>
      isReplacement(service, container) &&
      container.inspect.Config.Labels?.[LABEL.spec] === spec &&
      startFailure(container) !== undefined,
  );
}

/** Starts the old container again, on the networks that are declared now, and says what keeps its replacement from it. */
export function planFallback(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  old: ObservedContainer,
  { failed, differences }: { readonly failed: ObservedContainer; readonly differences: readonly Difference[] },
): ServiceSteps {
  const { app, service } = declaration;
  const { resource } = frameOf(app, service);
  const cause = `the replacement did not start: ${startFailure(failed)}`;
  scope.draft.blocked.push({
    resource,
    app: app.name,
    reason: 'ReconciliationFailed',
    message: `${cause}; the old container stays. Declare what can start, or remove the container ${nameOf(failed)} to try again`,
  });
  const serving = differences.filter(({ field }) => field === 'state' || (field !== null && networkKeyOf(field)));
  const alone = { ...steps, dependencies: () => [], restart: undefined, recreate: undefined };
  return { ...planInPlace(scope, declaration, alone, old, serving, cause), blocked: true };
}

function isReplacement(service: Service, container: ObservedContainer): boolean {
  const name = nameOf(container);
  return name === nextName(service.container_name) || name === secondName(service.container_name);
}

function secondName(name: string): string {
  return `${nextName(name)}-2`;
}
