// What differs about one service, whose doing it is, and whether it takes another container to mend it.
import type { DesiredApp } from '../../model/desired.ts';
import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import { resourceKey } from '../../names.ts';
import type { Declaration, Live } from '../attribute.ts';
import { sameValue } from '../attribute.ts';
import { liveMounts } from '../attributes/live.ts';
import { mountField } from '../attributes/mounts.ts';
import { networkKeyOf } from '../attributes/networking.ts';
import { attributeOf, declaredFields, liveFields } from '../attributes.ts';
import { compareService, isContentEdit, isLostSecret } from '../compare.ts';
import { isSettled } from '../inventory-item.ts';
import { isUp, type Matched, nameOf } from '../match.ts';
import { judged } from '../ownership.ts';
import { serviceResource } from './frame.ts';
import { makerOf } from './networks.ts';
import type { Scope } from './scope.ts';

export function differencesOf(scope: Scope, declaration: Declaration, { main, leftovers }: Matched): Difference[] {
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
  const handing = main !== undefined && isUp(main) && leftovers.length > 0;
  const settled = found.map((difference): Difference => {
    const { field } = difference;
    // Its names may lead to its replacement already: nobody but the agent took them.
    const ours = field !== null && (hasMovedNetwork(scope, app, field) || (handing && networkKeyOf(field) !== null));
    return ours ? { ...difference, kind: 'field', origin: 'change' } : difference;
  });
  return excused(judged(app, settled, scope.held));
}

/** What no person did is mended: a reboot empties the memory that secrets lie in, and what needs them cannot start. */
function excused(differences: readonly Difference[]): Difference[] {
  const forgotten = differences.some(isLostSecret);
  return differences.map((one) => {
    const { left, ...mended } = one;
    return left === 'warn' && (isLostSecret(one) || (forgotten && one.field === 'state')) ? mended : one;
  });
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

export function needsRecreate(difference: Difference): boolean {
  const { field, desired, observed, kind } = difference;
  if (kind === 'missing' || field === null) return false;
  // The Engine never starts a dead container again.
  if (field === 'state') return observed === 'dead';
  // Same mount, other bytes: rewritten in place.
  if (isContentEdit(difference)) return false;
  return attributeOf(field)?.remedy(desired) === 'recreate';
}

/**
 * Fields of mounts whose bytes change under their container. One that ended, and is not about to start, reads nothing again:
 * other content is another run.
 */
export function keptMounts(
  declaration: Declaration,
  main: ObservedContainer | undefined,
  live: Live | undefined,
  acted: readonly Difference[],
): ReadonlySet<string | null> {
  const { service } = declaration;
  if (main === undefined || live === undefined || service.reload === undefined) return new Set();
  if (!isUp(main) && !acted.some(({ field }) => field === 'state')) return new Set();
  const [declared, mounted] = [declaredFields(declaration), liveFields(live)];
  const fields = liveMounts(service).map(mountField);
  return new Set(fields.filter((field) => sameValue(declared[field] ?? null, mounted[field] ?? null)));
}

export function unexpected(app: DesiredApp, service: Service, stranger: ObservedContainer): Difference {
  return {
    resource: serviceResource(app, service),
    app: app.name,
    kind: 'unexpected',
    field: null,
    desired: null,
    observed: `container ${nameOf(stranger)}`,
    origin: 'drift',
    left: 'warn',
  };
}
