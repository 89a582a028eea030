// Why a service is left as it is: its name is another's, what it needs cannot be had, or the Engine cannot do what its file
// asks for. Each reason is reported once per service.
import type { DesiredApp } from '../../model/desired.ts';
import type { ObservedContainer } from '../../model/observed.ts';
import type { Blocked } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import { LABEL, resourceKey } from '../../names.ts';
import { networkName } from '../attributes/networking.ts';
import { outsiders } from '../attributes/reference.ts';
import { lackedByService } from '../features.ts';
import { nameOf } from '../match.ts';
import { hasFailed, isOneShot } from '../one-shot.ts';
import type { AppSteps } from './app-steps.ts';
import { serviceResource } from './frame.ts';
import type { Scope } from './scope.ts';

/** Nothing at all is done to it. */
export function isBlocked(
  scope: Scope,
  app: DesiredApp,
  service: Service,
  main: ObservedContainer | undefined,
): boolean {
  const holder = scope.observed.containers.find(
    (container) => nameOf(container) === service.container_name && container.inspect.Id !== main?.inspect.Id,
  );
  if (holder !== undefined && holder.inspect.Config.Labels?.[LABEL.device] !== scope.desired.device) {
    const message = `the name "${service.container_name}" is taken by a container that Holdfast did not create; remove or rename it, or set another container_name`;
    return block(scope, app, service, 'NameConflict', message);
  }
  if (hasUnavailable(scope, app, service)) return true;
  const lacks = lackedByService(scope.observed.engine, service);
  return lacks.length > 0 && block(scope, app, service, 'ReconciliationFailed', lacks.join('; '));
}

/** It is to be created with a container that does not exist. */
export function lacksOutsider(scope: Scope, app: DesiredApp, service: Service): boolean {
  const missing = outsiders(service).find(({ name }) => scope.find(app, `container:${name}`) === undefined);
  if (missing === undefined) return false;
  const message = `services.${service.name}.${missing.key} names the container "${missing.name}", which does not exist on this host`;
  return block(scope, app, service, 'DependencyNotReady', message);
}

/** What it depends on is not as it needs it. One that ran and failed will not be, in this version. */
export function blockOn(
  scope: Scope,
  app: DesiredApp,
  service: Service,
  { service: needed, main }: NonNullable<AppSteps['unmet']>,
): void {
  if (main === undefined || !isOneShot(app, needed) || !hasFailed(main)) {
    const message = `it depends on ${needed.name}, which is not ready and for which nothing is planned`;
    block(scope, app, service, 'DependencyNotReady', message);
    return;
  }
  const message = `it depends on ${needed.name}, which exited with ${main.inspect.State.ExitCode}`;
  block(scope, app, service, 'DependencyNotReady', message, { hopeless: true });
}

/** Says why; always true. */
export function block(
  { draft }: Scope,
  app: DesiredApp,
  service: Service,
  reason: Blocked['reason'],
  message: string,
  more: Pick<Blocked, 'hopeless'> = {},
): true {
  draft.blocked.push({ resource: serviceResource(app, service), app: app.name, reason, message, ...more });
  return true;
}

/** A network or volume of it is blocked, which was reported there. */
function hasUnavailable(scope: Scope, app: DesiredApp, service: Service): boolean {
  const unavailable = (kind: 'network' | 'volume', key: string) =>
    scope.draft.blocked.some(
      (blocked) => blocked.reason !== 'PruneGuard' && blocked.resource === resourceKey(kind, app.name, key),
    );
  return (
    Object.keys(service.networks).some((key) => unavailable('network', key) && !isOwnNetwork(scope, app, key)) ||
    service.mounts.some(
      (mount) => mount.type === 'volume' && mount.source !== null && unavailable('volume', mount.source),
    )
  );
}

/** It is there and of this device's making, though not as it is declared. */
function isOwnNetwork({ networks, desired }: Scope, app: DesiredApp, key: string): boolean {
  return networks.get(networkName(app, key))?.Labels?.[LABEL.device] === desired.device;
}
