// One service: what differs, and the smallest steps that mend it. Images and content come first, the replacement is
// created (and so checked by the Engine) before the old container stops, and nothing starts before its dependencies.
import type { DesiredApp } from '../../model/desired.ts';
import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import { resourceKey } from '../../names.ts';
import type { Declaration } from '../attribute.ts';
import { networkKeyOf } from '../attributes/networking.ts';
import { attributeOf, declaredFields } from '../attributes.ts';
import { compareService, isContentEdit, isLostSecret } from '../compare.ts';
import { isSettled } from '../inventory-item.ts';
import { type Matched, matchService, nameOf } from '../match.ts';
import { formatCause } from '../text.ts';
import { block, isBlocked, lacksOutsider } from './blocked.ts';
import { planCreate } from './create.ts';
import type { StepFrame } from './draft.ts';
import { frameOf, serviceResource } from './frame.ts';
import { planInPlace } from './in-place.ts';
import { makerOf, type NetworkSteps } from './networks.ts';
import { failedReplacement, planFallback, planReplacement } from './replace.ts';
import type { Scope } from './scope.ts';
import { stopTimeoutS } from './steps.ts';
import type { VolumeSteps } from './volumes.ts';

/** What the app's other parts have planned already. */
export interface AppSteps {
  readonly networks: NetworkSteps;
  readonly volumes: VolumeSteps;
  /** Steps that make each dependency ready: this service starts, or stops to be replaced, only after them. Asked only then. */
  readonly dependencies: () => readonly string[];
  /** A dependency that is not as this service needs it, and that nothing will make so: it does not start. */
  readonly unmet: string | undefined;
  /** Why it is restarted: a dependency with `restart: true` is being replaced. */
  readonly restart: string | undefined;
  /** Why it is replaced: it is bound to a container that is. */
  readonly recreate: string | undefined;
  /** Steps after which the containers that it is bound to are there: it is created only then. */
  readonly joined: () => readonly string[];
}

/** The steps after which the service runs; empty when nothing is planned for it. */
export interface ServiceSteps {
  readonly started: readonly string[];
  /** Its container is replaced or restarted. */
  readonly interrupted: boolean;
  /** It is another container afterwards. */
  readonly replaced?: boolean;
  /** Something about it will not be done. */
  readonly blocked?: boolean;
  /** Its container before the plan. */
  readonly main?: ObservedContainer | undefined;
}

const NOTHING: ServiceSteps = { started: [], interrupted: false };
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
  const declaration: Declaration = { device, app, service, paths: scope.paths, salt };
  const differences = differencesOf(scope, declaration, matched.main);
  scope.draft.differences.push(
    ...differences,
    ...matched.strangers.map((stranger) => unexpected(app, service, stranger)),
  );
  if (isBlocked(scope, app, service, matched.main)) return BLOCKED;
  const frame = frameOf(app, service);
  const acted = app.drift === 'warn' ? differences.filter(isNotDrift(differences)) : differences;
  const recreated = acted.some(needsRecreate) || (matched.main !== undefined && steps.recreate !== undefined);
  const failed =
    recreated && matched.main !== undefined
      ? failedReplacement(scope, declaration, matched.main, matched.leftovers)
      : undefined;
  if (failed !== undefined && matched.main !== undefined)
    return planFallback(scope, declaration, steps, matched.main, { failed, differences });
  const starts = recreated || acted.some(({ kind, field }) => kind === 'missing' || field === 'state');
  if (starts && steps.unmet !== undefined) {
    const message = `it depends on ${steps.unmet}, which is not ready and for which nothing is planned`;
    block(scope, app, service, 'DependencyNotReady', message);
    return BLOCKED;
  }
  if ((recreated || acted.some(({ kind }) => kind === 'missing')) && lacksOutsider(scope, app, service)) return BLOCKED;
  const cleared = matched.leftovers.map((leftover) => planRemoval(scope, leftover, frame));
  const changed = acted.some(({ origin }) => origin === 'change');
  if (matched.main === undefined) {
    if (acted.length === 0) return NOTHING;
    const known = isSettled(scope.appliedOf('container', service.container_name, frame.resource));
    return planCreate(scope, declaration, steps, {
      ...frame,
      cause: known ? 'not there' : 'new service',
      after: cleared,
      changed,
    });
  }
  if (recreated) {
    return planReplacement(scope, declaration, steps, matched.main, {
      ...frame,
      cause: acted.length > 0 ? formatCause(acted) : (steps.recreate ?? ''),
      after: cleared,
      changed,
    });
  }
  return planInPlace(scope, declaration, steps, matched.main, acted);
}

/** What Git asks for; and what no person did: a reboot empties the memory that secrets lie in, and what needs them cannot start. */
function isNotDrift(differences: readonly Difference[]): (difference: Difference) => boolean {
  const forgotten = differences.some(isLostSecret);
  return (one) => one.origin === 'change' || isLostSecret(one) || (forgotten && one.field === 'state');
}

function differencesOf(scope: Scope, declaration: Declaration, main: ObservedContainer | undefined): Difference[] {
  const { app, service } = declaration;
  const resource = serviceResource(app, service);
  const name = main === undefined ? service.container_name : nameOf(main);
  const listed = scope.inventoryOf('container', name)?.resource === resource;
  const found = compareService({
    declaration,
    applied: scope.appliedOf('container', listed ? name : service.container_name, resource),
    observed: main,
    live: main === undefined ? undefined : scope.live(app, service, main),
    image: scope.observed.images.get(service.image),
    content: scope.observed.content,
    hide: scope.hide,
  });
  return found.map((difference) =>
    difference.field !== null && hasMovedNetwork(scope, app, difference.field)
      ? { ...difference, kind: 'field', origin: 'change' }
      : difference,
  );
}

/** An attachment to a network that Git takes away, or that is not settled itself, cannot have drifted. */
function hasMovedNetwork(scope: Scope, app: DesiredApp, field: string): boolean {
  const key = networkKeyOf(field);
  if (key === null) return false;
  const network = app.networks.find((declared) => declared.key === key);
  if (network !== undefined) {
    // One that is external to this app may be another's.
    const maker = makerOf(scope, network.name);
    return (
      maker !== undefined &&
      !isSettled(scope.appliedOf('network', network.name, resourceKey('network', maker.app.name, maker.network.key)))
    );
  }
  const elsewhere = scope.desired.apps.some(({ networks }) => networks.some(({ name }) => name === key));
  return !elsewhere && scope.inventoryOf('network', key) !== undefined;
}

function needsRecreate(difference: Difference): boolean {
  const { field, desired, observed, kind } = difference;
  if (kind === 'missing' || field === null) return false;
  // The Engine never starts a dead container again.
  if (field === 'state') return observed === 'dead';
  // Same mount, other bytes: rewritten in place.
  if (isContentEdit(difference)) return false;
  return attributeOf(field)?.remedy(desired) === 'recreate';
}

function planRemoval(scope: Scope, leftover: ObservedContainer, frame: Omit<StepFrame, 'cause'>): string {
  const { Id, State } = leftover.inspect;
  const why = { ...frame, cause: 'left over from an interrupted update', detail: nameOf(leftover) };
  const stopped =
    State.Status === 'running'
      ? scope.draft.add({ kind: 'stop-container', container: Id, timeoutS: stopTimeoutS(leftover) }, why)
      : undefined;
  return scope.draft.add(
    { kind: 'remove-container', container: Id, name: nameOf(leftover) },
    { ...why, after: [stopped] },
  );
}

function unexpected(app: DesiredApp, service: Service, stranger: ObservedContainer): Difference {
  return {
    resource: serviceResource(app, service),
    app: app.name,
    kind: 'unexpected',
    field: null,
    desired: null,
    observed: `container ${nameOf(stranger)}`,
    origin: 'drift',
  };
}

/** Fields of a service as they are kept in the inventory once applied. */
export function serviceFields(scope: Pick<Scope, 'desired' | 'paths'>, app: DesiredApp, service: Service) {
  const { device, salt } = scope.desired;
  return declaredFields({ device, app, service, paths: scope.paths, salt });
}
