// Mends a running service without replacing its container: limits, networks, name, edited content, a stopped container.
import type { ContainerUpdate } from '../../engine/create.ts';
import type { Mount } from '../../model/mount.ts';
import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import type { Declaration } from '../attribute.ts';
import { mountField } from '../attributes/mounts.ts';
import { endpointConfig, networkKeyOf, networkName } from '../attributes/networking.ts';
import { attributeOf } from '../attributes.ts';
import { isRewritten, isUnhooked } from '../inventory-item.ts';
import { formatCause } from '../text.ts';
import { frameOf } from './frame.ts';
import type { Scope } from './scope.ts';
import type { AppSteps, ServiceSteps } from './service.ts';
import { afterStart, beforeStop, startHooks, stopTimeoutS } from './steps.ts';

/** The Engine's word for "not connected". */
const NONE = 'none';

export function planInPlace(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  container: ObservedContainer,
  acted: readonly Difference[],
  /** Why it is started, when that is not just because it is down. */
  startCause?: string,
): ServiceSteps {
  const { app, service } = declaration;
  const { draft } = scope;
  const frame = frameOf(app, service);
  const id = container.inspect.Id;
  const by = (remedy: string) =>
    acted.filter(({ field }) => field !== null && attributeOf(field)?.remedy(null) === remedy);
  const waits: string[] = [];

  const updates = by('update');
  if (updates.length > 0) {
    waits.push(
      draft.add(
        { kind: 'update-container', container: id, update: updateBody(updates, service) },
        { ...frame, cause: formatCause(updates) },
      ),
    );
  }
  waits.push(...planNetworkChanges(scope, declaration, steps, container, by('network')));
  const [rename] = by('rename');
  if (rename !== undefined) {
    waits.push(
      draft.add(
        { kind: 'rename-container', container: id, name: service.container_name },
        { ...frame, cause: formatCause([rename]) },
      ),
    );
  }
  const edited = service.mounts.filter(
    (mount) => mount.type === 'content' && acted.some(({ field }) => field === mountField(mount)),
  );
  const written = edited.map((mount) => rewrite(scope, declaration, mount, acted));
  return planState(scope, declaration, steps, container, { acted, waits, written, startCause });
}

interface Mended {
  readonly acted: readonly Difference[];
  readonly waits: readonly string[];
  /** Steps that wrote its content again. */
  readonly written: readonly string[];
  readonly startCause: string | undefined;
}

/** Start, unpause or restart, when that is what is left to do. */
function planState(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  container: ObservedContainer,
  { acted, waits, written, startCause }: Mended,
): ServiceSteps {
  const { app, service } = declaration;
  const { draft } = scope;
  const frame = frameOf(app, service);
  const id = container.inspect.Id;
  const { Status } = container.inspect.State;
  const state = acted.filter(({ field }) => field === 'state');
  const up = Status === 'running' || Status === 'restarting' || Status === 'paused';
  const listed = scope.inventory.some((item) => item.resource === frame.resource && isRewritten(item));
  // A mount shows the bytes that were there when the container started.
  const rewritten = up && (written.length > 0 || listed) ? 'its content was rewritten' : undefined;
  const after = () => [...waits, ...written, ...steps.dependencies()];
  if (state.length > 0 && Status === 'paused' && rewritten === undefined) {
    return {
      started: [
        draft.add(
          { kind: 'unpause-container', container: id },
          { ...frame, cause: formatCause(state), after: after() },
        ),
      ],
      interrupted: false,
    };
  }
  if (state.length > 0 && !up) {
    const networks = Object.keys(service.networks).map((key) => steps.networks.ready(key));
    const started = draft.add(
      { kind: 'start-container', container: id },
      { ...frame, cause: startCause ?? formatCause(state), after: [...after(), ...networks] },
    );
    return { started: [afterStart(scope, declaration, id, frame, started)], interrupted: true };
  }
  const cause = rewritten ?? (Status === 'running' ? steps.restart : undefined);
  if (cause === undefined) {
    const pending = scope.inventory.some((item) => item.resource === frame.resource && isUnhooked(item));
    const hooks =
      pending && Status === 'running' ? startHooks(scope, declaration, id, { ...frame, after: waits }) : undefined;
    return { started: hooks === undefined ? waits : [hooks], interrupted: false };
  }
  const unpaused =
    Status === 'paused'
      ? draft.add({ kind: 'unpause-container', container: id }, { ...frame, cause, after: after() })
      : undefined;
  const hooked = beforeStop(scope, container, service, { ...frame, after: after() });
  const restarted = draft.add(
    { kind: 'restart-container', container: id, timeoutS: stopTimeoutS(container) },
    { ...frame, cause, after: [...after(), unpaused, hooked] },
  );
  return { started: [afterStart(scope, declaration, id, frame, restarted)], interrupted: true };
}

function planNetworkChanges(
  scope: Scope,
  { app, service }: Declaration,
  steps: AppSteps,
  { inspect }: ObservedContainer,
  acted: readonly Difference[],
): string[] {
  const { draft } = scope;
  const frame = frameOf(app, service);
  const connected = inspect.NetworkSettings.Networks ?? {};
  const differing = new Map(
    acted.map((difference) => [networkKeyOf(difference.field ?? '') ?? '', formatCause([difference])]),
  );
  for (const key of Object.keys(service.networks)) {
    if (steps.networks.replaced(key)) differing.set(key, 'its network was replaced');
  }
  const [joining] = [...differing].filter(([key]) => Object.hasOwn(service.networks, key));
  // The Engine connects nothing to a container that is on "none".
  const alone =
    joining !== undefined && Object.hasOwn(connected, NONE)
      ? draft.add(
          { kind: 'disconnect-network', container: inspect.Id, network: NONE },
          { ...frame, cause: joining[1], detail: NONE },
        )
      : undefined;
  return [...differing].flatMap(([key, cause]) => {
    const network = networkName(app, key);
    const attachment = service.networks[key];
    // A replaced network was disconnected from everything when it was removed.
    const leave = Object.hasOwn(connected, network) && !steps.networks.replaced(key);
    const left = leave
      ? draft.add({ kind: 'disconnect-network', container: inspect.Id, network }, { ...frame, cause, detail: key })
      : undefined;
    if (attachment === undefined) return left === undefined ? [] : [left];
    const endpoint = endpointConfig(app, service, attachment);
    return [
      draft.add(
        { kind: 'connect-network', container: inspect.Id, network, endpoint },
        { ...frame, cause, detail: key, after: [alone, left, steps.networks.ready(key)] },
      ),
    ];
  });
}

function rewrite(scope: Scope, { app, service }: Declaration, mount: Mount, acted: readonly Difference[]): string {
  if (mount.type !== 'content') throw new Error(`${mount.target} is not content`);
  const cause = formatCause(acted.filter(({ field }) => field === mountField(mount)));
  return scope.draft.add(
    { kind: 'write-content', content: mount.content },
    { ...frameOf(app, service), cause, detail: mount.content.id },
  );
}

function updateBody(differences: readonly Difference[], service: Service): ContainerUpdate {
  const body: ContainerUpdate = {};
  for (const { field, desired } of differences) attributeOf(field ?? '')?.update?.(desired, body, service);
  return body;
}
