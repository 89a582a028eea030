// What an interrupted plan left behind and nobody needs: removed, once the service's names lead elsewhere.
import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference } from '../../model/plan.ts';
import type { Declaration } from '../attribute.ts';
import { networkKeyOf, networkName } from '../attributes/networking.ts';
import { isBare, isUp, nameOf } from '../match.ts';
import type { StepFrame } from './draft.ts';
import { frameOf, serviceResource } from './frame.ts';
import { retire } from './retire.ts';
import type { Scope } from './scope.ts';
import { stopTimeoutS } from './steps.ts';

export const LEFT_OVER = 'left over from an interrupted update';

export function planRemoval(
  scope: Scope,
  leftover: ObservedContainer,
  frame: Omit<StepFrame, 'cause'>,
  cause: string,
): string {
  const { Id, State } = leftover.inspect;
  const why = { ...frame, cause, detail: nameOf(leftover) };
  const stopped =
    State.Status === 'running' || State.Status === 'restarting' || State.Status === 'paused'
      ? scope.draft.add({ kind: 'stop-container', container: Id, timeoutS: stopTimeoutS(leftover) }, why)
      : undefined;
  return scope.draft.add(
    { kind: 'remove-container', container: Id, name: nameOf(leftover) },
    { ...why, after: [stopped] },
  );
}

/** One that serves beside the main container goes when that is ready to serve alone. */
export function giveUp(
  scope: Scope,
  { app, service }: Declaration,
  leftover: ObservedContainer,
  main: ObservedContainer,
  after: readonly string[],
): string {
  const frame = { ...frameOf(app, service), cause: LEFT_OVER };
  const successor = { name: nameOf(main), timeoutMs: app.healthTimeoutMs };
  const ready = scope.draft.add(
    { kind: 'await-service', container: successor.name, condition: 'service_ready', timeoutMs: successor.timeoutMs },
    { ...frame, cause: `${nameOf(leftover)} serves until it is ready`, after, detail: `back from ${nameOf(leftover)}` },
  );
  return retire(scope, service, leftover, successor, { ...frame, after: [...after, ready] });
}

/** Clients may be led to it, as they are to the main container or will be again. */
export function serves(leftover: ObservedContainer, main: ObservedContainer): boolean {
  return isUp(main) && isUp(leftover) && !isBare(leftover);
}

/** Networks on which the service's names do not lead to its container, though they did, or lead to one that goes. */
export function lostNames(
  scope: Scope,
  { app, service }: Declaration,
  main: ObservedContainer,
  unwanted: readonly ObservedContainer[],
  acted: readonly Difference[],
): Difference[] {
  const applied = scope.appliedOf('container', nameOf(main), serviceResource(app, service));
  return acted.filter(({ field, observed }) => {
    if (field === null || networkKeyOf(field) === null) return false;
    const network = networkName(app, networkKeyOf(field) ?? '');
    const served = unwanted.filter((one) => serves(one, main)).flatMap(networksOf);
    if (observed === null) return Object.hasOwn(applied ?? {}, field) || served.includes(network);
    return Array.isArray(observed) && observed[0] !== 'gone' && !observed.includes(service.name);
  });
}

function networksOf({ inspect }: ObservedContainer): readonly string[] {
  return Object.keys(inspect.NetworkSettings.Networks ?? {});
}
