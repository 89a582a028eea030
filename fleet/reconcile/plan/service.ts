// One service: from what differs to the smallest steps that mend it. Images and content come first, the replacement is
// created (and so checked by the Engine) before the old container stops, and nothing starts before its dependencies.
import type { DesiredApp } from '../../model/desired.ts';
import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import type { Declaration } from '../attribute.ts';
import { nextTurn } from '../attributes/live.ts';
import { networkKeyOf, networkName } from '../attributes/networking.ts';
import { isSettled } from '../inventory-item.ts';
import { type Matched, matchService } from '../match.ts';
import { hasRun } from '../one-shot.ts';
import { isActedOn, judged } from '../ownership.ts';
import { formatCause } from '../text.ts';
import { type AppSteps, NOTHING, type ServiceSteps } from './app-steps.ts';
import { blockOn, isBlocked, lacksOutsider } from './blocked.ts';
import { candidatesOf } from './candidate.ts';
import { planCreate } from './create.ts';
import { differencesOf, keptMounts, needsRecreate, unexpected } from './differences.ts';
import { afterFailedRun, planCompleted } from './ended.ts';
import { failedReplacement, planFallback } from './fallback.ts';
import { frameOf } from './frame.ts';
import { planInPlace, planNetworkChanges } from './in-place.ts';
import { giveUp, LEFT_OVER, lostNames, planRemoval, serves } from './leftovers.ts';
import { pullAhead, pullMoved } from './prepare.ts';
import { planReplacement } from './replace.ts';
import type { Scope } from './scope.ts';
import { strategyOf } from './strategy.ts';
import { noteMovedData } from './volumes.ts';

const BLOCKED: ServiceSteps = { ...NOTHING, blocked: true };

export function planService(scope: Scope, app: DesiredApp, service: Service, steps: AppSteps): ServiceSteps {
  const matched = matchService(
    scope.desired.device,
    app,
    service,
    scope.observed,
    (name) => scope.inventoryOf('container', name) !== undefined,
  );
  return { main: matched.main, ...planMatched(scope, app, service, steps, matched) };
}

function planMatched(scope: Scope, app: DesiredApp, service: Service, steps: AppSteps, matched: Matched): ServiceSteps {
  const { device, salt } = scope.desired;
  const { main, leftovers, strangers } = matched;
  const live = main === undefined ? undefined : scope.live(app, service, main);
  const turn = live === undefined ? 0 : nextTurn(live);
  const declaration: Declaration = {
    ...{ device, app, service, paths: scope.paths, salt, turn },
    ambiguous: scope.ambiguous,
  };
  if (hasRun(declaration, scope.inventory)) return planCompleted(scope, declaration, matched);
  const found = differencesOf(scope, declaration, matched);
  const { differences, anew } = afterFailedRun(declaration, main, found);
  const unknown = strangers.map((stranger) => unexpected(app, service, stranger));
  scope.draft.differences.push(...differences, ...judged(app, unknown));
  if (isBlocked(scope, app, service, main)) return BLOCKED;
  if (main !== undefined) pullMoved(scope, app, service);
  const acted = differences.filter(isActedOn);
  const kept = keptMounts(declaration, main, live, acted);
  const recreated =
    anew ||
    acted.some((difference) => !kept.has(difference.field) && needsRecreate(difference)) ||
    (main !== undefined && steps.recreate !== undefined);
  const failed = recreated && main !== undefined ? failedReplacement(scope, declaration, main, leftovers) : undefined;
  if (failed !== undefined && main !== undefined)
    return planFallback(scope, declaration, steps, main, { failed, differences });
  const missing = acted.some(({ kind }) => kind === 'missing');
  const starts = recreated || missing || acted.some(({ field }) => field === 'state');
  if (starts && steps.unmet !== undefined) {
    blockOn(scope, app, service, steps.unmet);
    return BLOCKED;
  }
  if ((recreated || missing) && lacksOutsider(scope, app, service)) return BLOCKED;
  if (main === undefined) return planMissing(scope, declaration, steps, leftovers, acted);
  return recreated
    ? planAnew(scope, declaration, steps, { main, leftovers, acted })
    : putBack(scope, declaration, steps, { main, leftovers, acted });
}

/** It has no container; whatever is left of one goes first. */
function planMissing(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  leftovers: readonly ObservedContainer[],
  acted: readonly Difference[],
): ServiceSteps {
  const { app, service } = declaration;
  const frame = frameOf(app, service);
  const cleared = leftovers.map((leftover) => planRemoval(scope, leftover, frame, LEFT_OVER));
  if (acted.length === 0) return NOTHING;
  const known = isSettled(scope.appliedOf('container', service.container_name, frame.resource));
  return planCreate(scope, declaration, steps, {
    ...frame,
    cause: known ? 'not there' : 'new service',
    after: cleared,
    changed: acted.some(({ origin }) => origin === 'change'),
  });
}

interface Present {
  readonly main: ObservedContainer;
  readonly leftovers: readonly ObservedContainer[];
  /** The differences that are mended. */
  readonly acted: readonly Difference[];
}

/** Another container takes its place; what else an interrupted plan left goes, after the service's names lead to one that stays. */
function planAnew(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  { main, leftovers, acted }: Present,
): ServiceSteps {
  const { app, service } = declaration;
  const frame = frameOf(app, service);
  const strategy = strategyOf(app, service, steps, main);
  const candidates = candidatesOf(scope, declaration, leftovers, strategy);
  const unwanted = leftovers.filter((one) => one !== candidates.next && one !== candidates.trial);
  const down = acted.filter(({ field, origin }) => field === 'state' && origin === 'drift');
  if (down.length > 0 && main.inspect.State.Status === 'exited' && pullAhead(scope, app, service))
    return planInPlace(scope, declaration, steps, main, down);
  noteMovedData(scope, app, service, scope.live(app, service, main));
  const lost = lostNames(scope, declaration, main, unwanted, acted);
  const stays = strategy.kind !== 'stop-first' || unwanted.some((one) => serves(one, main));
  const nameOfNetwork = ({ field }: Difference) => networkName(app, networkKeyOf(field ?? '') ?? '');
  const regained = stays && (candidates.next === undefined || !serves(candidates.next, main)) ? lost : [];
  const restored = planNetworkChanges(scope, declaration, steps, main, regained);
  const removed = unwanted.map((one) =>
    serves(one, main) ? giveUp(scope, declaration, one, main, restored) : planRemoval(scope, one, frame, LEFT_OVER),
  );
  return planReplacement(scope, declaration, steps, main, {
    ...frame,
    cause: acted.length > 0 ? formatCause(acted) : (steps.recreate ?? ''),
    after: [...restored, ...removed],
    changed: acted.some(({ origin }) => origin === 'change'),
    ...{ strategy, candidates },
    ...{ regained: regained.map(nameOfNetwork), rejoined: lost.filter(isOff).map(nameOfNetwork) },
  });
}

/** The container stays: it is mended in place, and what was to replace it goes. */
function putBack(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  { main, leftovers, acted }: Present,
): ServiceSteps {
  const frame = frameOf(declaration.app, declaration.service);
  const serving = leftovers.filter((one) => serves(one, main));
  for (const one of leftovers) if (!serving.includes(one)) planRemoval(scope, one, frame, LEFT_OVER);
  const mended = planInPlace(scope, declaration, steps, main, acted);
  for (const one of serving) giveUp(scope, declaration, one, main, mended.started);
  return mended;
}

/** It is not on that network at all. */
function isOff({ observed }: Difference): boolean {
  return observed === null;
}
