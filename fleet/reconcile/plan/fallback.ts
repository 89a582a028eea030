// A replacement that was tried and could not be started: the old container serves on, until Git declares something else.
import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import { LABEL } from '../../names.ts';
import type { Declaration } from '../attribute.ts';
import { networkKeyOf, networkName } from '../attributes/networking.ts';
import { specOf } from '../attributes.ts';
import { hasStarted, nameOf, nextName, secondName, startFailure, trialName } from '../match.ts';
import type { AppSteps, ServiceSteps } from './app-steps.ts';
import { frameOf } from './frame.ts';
import { planInPlace } from './in-place.ts';
import type { Scope } from './scope.ts';

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
  const alone = { ...steps, dependencies: () => [], restart: () => undefined, recreate: undefined };
  return { ...planInPlace(scope, declaration, alone, old, serving, cause), blocked: true };
}

/** It has the name that a replacement has until it takes over. */
export function isReplacement(service: Service, container: ObservedContainer): boolean {
  const { container_name: name } = service;
  return [nextName(name), secondName(name), trialName(name)].includes(nameOf(container));
}
