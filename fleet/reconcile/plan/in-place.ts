// Mends a running service without replacing its container: limits, networks, name, edited content, a stopped container.
import type { ContainerUpdate } from '../../engine/create.ts';
import type { ObservedContainer } from '../../model/observed.ts';
import type { Difference } from '../../model/plan.ts';
import type { Service } from '../../model/service.ts';
import type { Declaration } from '../attribute.ts';
import { endpointConfig, networkAddress, networkKeyOf, networkName } from '../attributes/networking.ts';
import { attributeOf } from '../attributes.ts';
import { isUnhooked } from '../inventory-item.ts';
import { isUp, nameOf } from '../match.ts';
import { formatCause } from '../text.ts';
import type { AppSteps, ServiceSteps } from './app-steps.ts';
import { tell, type Written, writeContent } from './content.ts';
import { frameOf } from './frame.ts';
import type { Scope } from './scope.ts';
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
  const written = writeContent(scope, declaration, container, acted);
  return planState(scope, declaration, steps, container, { acted, waits, written, startCause });
}

interface Mended {
  readonly acted: readonly Difference[];
  readonly waits: readonly string[];
  readonly written: Written;
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
  const up = isUp(container);
  // A mount shows the file that was there when the container started.
  const again = written.stale || (written.untold && service.reload === 'restart');
  const rewritten = up && again ? 'its content was rewritten' : undefined;
  const after = () => [...waits, ...written.steps, ...steps.dependencies()];
  if (state.length > 0 && Status === 'paused' && rewritten === undefined) {
    const unpaused = draft.add(
      { kind: 'unpause-container', container: id },
      { ...frame, cause: formatCause(state), after: after() },
    );
    const told = written.untold ? tell(scope, declaration, container, [unpaused]) : undefined;
    return { started: [told ?? unpaused], interrupted: false };
  }
  if (state.length > 0 && !up) {
    const networks = Object.keys(service.networks).map((key) => steps.networks.ready(key));
    const started = draft.add(
      { kind: 'start-container', container: id },
      { ...frame, cause: startCause ?? formatCause(state), after: [...after(), ...networks] },
    );
    return { started: [afterStart(scope, declaration, id, frame, started)], interrupted: true };
  }
  const cause = rewritten ?? (Status === 'running' ? steps.restart(container) : undefined);
  if (cause === undefined) {
    const told = written.untold ? tell(scope, declaration, container, [...waits, ...written.steps]) : undefined;
    const mended = told === undefined ? [...waits, ...written.steps] : [told];
    // What was to replace it has hooks of its own.
    const pending = scope.inventory.some(
      (item) => item.resource === frame.resource && item.name === nameOf(container) && isUnhooked(item),
    );
    const hooks =
      pending && Status === 'running' ? startHooks(scope, declaration, id, { ...frame, after: mended }) : undefined;
    return { started: hooks === undefined ? mended : [hooks], interrupted: false };
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

export function planNetworkChanges(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  { inspect }: ObservedContainer,
  acted: readonly Difference[],
): string[] {
  const { draft } = scope;
  const { app, service } = declaration;
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
  // A network that is taken away was disconnected from everything when it was removed.
  const removed = new Set(
    draft.steps.flatMap((step) =>
      step.kind === 'remove-network' ? [step.network, ...(scope.ambiguous.has(step.name) ? [] : [step.name])] : [],
    ),
  );
  const leave = (key: string, cause: string, after: readonly string[] = []): string[] => {
    const name = networkName(app, key);
    const endpoint = connected[name];
    if (endpoint === undefined || steps.networks.replaced(key) || removed.has(endpoint.NetworkID || name)) return [];
    const network = scope.ambiguous.has(name) ? endpoint.NetworkID || name : name;
    const action = { kind: 'disconnect-network', container: inspect.Id, network } as const;
    return [draft.add(action, { ...frame, cause, detail: key, after })];
  };
  const joined = [...differing].flatMap(([key, cause]) => {
    const attachment = service.networks[key];
    if (attachment === undefined) return [];
    const left = leave(key, cause);
    const network = networkAddress(declaration, key);
    const endpoint = endpointConfig(declaration, key, attachment);
    return [
      draft.add(
        { kind: 'connect-network', container: inspect.Id, network, endpoint },
        { ...frame, cause, detail: key, after: [alone, ...left, steps.networks.ready(key)] },
      ),
    ];
  });
  // It leaves what it no longer belongs to once it is where it belongs: it is never on no network in between.
  const left = [...differing].flatMap(([key, cause]) =>
    Object.hasOwn(service.networks, key) ? [] : leave(key, cause, joined),
  );
  return [...joined, ...left];
}

function updateBody(differences: readonly Difference[], service: Service): ContainerUpdate {
  const body: ContainerUpdate = {};
  for (const { field, desired } of differences) attributeOf(field ?? '')?.update?.(desired, body, service);
  return body;
}
