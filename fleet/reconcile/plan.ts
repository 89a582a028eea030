// The plan: from desired, observed and inventory to ordered steps. Pure: the same inputs give the same plan, and a
// plan that was carried out plans nothing.
import { HoldfastError } from '../error.ts';
import type { DesiredApp } from '../model/desired.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Plan } from '../model/plan.ts';
import type { Dependency, Service } from '../model/service.ts';
import { containerKey } from '../names.ts';
import { boundTo, needs } from './attributes/reference.ts';
import { isStarting, madeSince } from './match.ts';
import { inOrder } from './order.ts';
import type { ServiceSteps } from './plan/app-steps.ts';
import { frameOf } from './plan/frame.ts';
import { orderHandovers } from './plan/handover.ts';
import { type NetworkSteps, planNetworks } from './plan/networks.ts';
import { planPrune } from './plan/prune.ts';
import { createScope, type PlanInput, type Scope } from './plan/scope.ts';
import { planService } from './plan/service.ts';
import { planVolumes } from './plan/volumes.ts';

export function makePlan(input: PlanInput): Plan {
  const scope = createScope(input);
  const { desired, draft } = scope;
  const apps = inOrder(
    desired.apps,
    ({ name }) => name,
    ({ dependsOn }) => dependsOn,
  );
  // Every network first: an app may join what another makes.
  const networks = new Map(apps.map((app) => [app, planNetworks(scope, app)]));
  const ready = new Map<string, () => readonly string[]>();
  for (const [app, joined] of networks) {
    const earlier = () => app.dependsOn.flatMap((name) => ready.get(name)?.() ?? []);
    ready.set(app.name, planApp(scope, app, joined, earlier));
  }
  planPrune(scope);
  orderHandovers(scope);
  pullsFirst(scope);
  if (draft.steps.length > input.limits.steps) {
    throw new HoldfastError(
      'PolicyDenied',
      `the plan has ${draft.steps.length} steps, more than limits.steps (${input.limits.steps})`,
    );
  }
  return {
    revision: desired.revision,
    differences: draft.differences,
    steps: inOrder(
      draft.steps,
      ({ id }) => id,
      ({ after }) => after,
    ),
    blocked: draft.blocked,
    ...(draft.notes.length === 0 ? {} : { notes: draft.notes }),
  };
}

/** Returns what gives the steps after which the app is ready, for apps that start after it. */
function planApp(
  scope: Scope,
  app: DesiredApp,
  networks: NetworkSteps,
  earlier: () => readonly string[],
): () => readonly string[] {
  const volumes = planVolumes(scope, app);
  const planned = new Map<string, ServiceSteps>();
  const containersOf = (name: string) => app.services.filter((service) => service.name === name);
  const siblingsBefore = ({ name, number }: Service) => containersOf(name).filter((other) => other.number < number);
  const ordered = inOrder(app.services, containerKey, (service) =>
    [...Object.keys(dependenciesOf(service)).flatMap(containersOf), ...siblingsBefore(service)].map(containerKey),
  );
  for (const service of ordered) {
    const declared = Object.entries(dependenciesOf(service));
    const needed = declared.flatMap(([name, dependency]) =>
      containersOf(name).map((container) => ({
        name,
        ...dependency,
        container,
        steps: planned.get(containerKey(container)),
      })),
    );
    const dependencies = () =>
      needed.flatMap(({ condition, container, steps }) => readiness(scope, app, container, condition, steps));
    // Containers of one service change one after the other: the next one serves until the one before it does again.
    const siblings = () =>
      siblingsBefore(service).flatMap((sibling) => {
        const steps = planned.get(containerKey(sibling));
        const moves = steps?.main !== undefined && (steps.interrupted || isStarting(steps.main));
        return moves ? readiness(scope, app, sibling, readyCondition(sibling), steps) : [];
      });
    const unmet = needed.find(({ condition, required, steps }) => required && isUnmet(condition, steps));
    const restart = (main: ObservedContainer) => {
      const renewed = declared.find(
        ([name, { restart }]) =>
          restart && containersOf(name).every((container) => isRenewed(planned.get(containerKey(container)), main)),
      );
      return renewed && `its dependency ${renewed[0]} was replaced`;
    };
    const bound = boundTo(service).map((bond) => ({ ...bond, steps: planned.get(bond.service) }));
    const moved = bound.find(({ steps }) => steps?.replaced);
    planned.set(
      containerKey(service),
      planService(scope, app, service, {
        ...{ networks, volumes, restart },
        dependencies: () => [...earlier(), ...dependencies(), ...siblings()],
        unmet: unmet && { service: unmet.container, main: unmet.steps?.main },
        recreate: moved && `${moved.key}: the container of ${moved.service} was replaced`,
        joined: () => bound.flatMap(({ steps }) => steps?.started ?? []),
      }),
    );
  }
  return () =>
    ordered.flatMap((service) =>
      readiness(scope, app, service, readyCondition(service), planned.get(containerKey(service))),
    );
}

function readyCondition({ healthcheck }: Service): Dependency['condition'] {
  return healthcheck === undefined ? 'service_started' : 'service_healthy';
}

/** The dependency is another one than `dependent` started with, or will be: an agent may have ended before it restarted that. */
function isRenewed(steps: ServiceSteps | undefined, dependent: ObservedContainer): boolean {
  if (steps?.interrupted) return true;
  return steps?.main !== undefined && madeSince(steps.main, dependent);
}

/** What `depends_on` says, and what follows from sharing namespaces and volumes and from links. */
function dependenciesOf(service: Service): Readonly<Record<string, Dependency>> {
  const sharing = new Set(boundTo(service).flatMap(({ key, service: name }) => (key === 'volumes_from' ? [] : [name])));
  const implied = needs(service).map((name) => {
    const declared = service.depends_on[name];
    const restart = declared?.restart === true || sharing.has(name);
    return [name, { condition: 'service_started', required: true, ...declared, restart }] as const;
  });
  return { ...service.depends_on, ...Object.fromEntries(implied) };
}

/** The steps after which a service meets a condition; none when it meets it now and nothing is planned for it. */
function readiness(
  scope: Scope,
  app: DesiredApp,
  service: Service,
  condition: Dependency['condition'],
  steps: ServiceSteps | undefined,
): string[] {
  if (steps === undefined) return [];
  if (steps.started.length === 0 && (isMet(condition, steps) || isUnmet(condition, steps))) return [];
  if (condition === 'service_started') return [...steps.started];
  const id = scope.draft.add(
    { kind: 'await-service', container: service.container_name, condition, timeoutMs: app.healthTimeoutMs },
    {
      ...frameOf(app, service),
      cause:
        condition === 'service_healthy'
          ? 'what depends on it needs it healthy'
          : 'what depends on it needs it completed',
      after: steps.started,
      detail: condition,
    },
  );
  return [id];
}

/** Nothing is planned that would make the service meet the condition, and it does not come to it by itself. */
function isUnmet(condition: Dependency['condition'], steps: ServiceSteps | undefined): boolean {
  if (steps === undefined || steps.started.length > 0 || isMet(condition, steps)) return false;
  if (steps.blocked === true) return true;
  const status = steps.main?.inspect.State.Status;
  return condition !== 'service_started' && status !== 'running' && status !== 'restarting';
}

function isMet(condition: Dependency['condition'], { completed, main }: ServiceSteps): boolean {
  return completed === true ? condition !== 'service_healthy' : meets(condition, main);
}

function meets(condition: Dependency['condition'], container: ObservedContainer | undefined): boolean {
  if (container === undefined) return false;
  const { Status, ExitCode, Health } = container.inspect.State;
  const completed = Status === 'exited' && ExitCode === 0;
  if (condition === 'service_completed_successfully') return completed;
  if (condition === 'service_started') return Status === 'running' || completed;
  return Status === 'running' && ['healthy', 'none'].includes(Health?.Status ?? 'none');
}

/** The images of an app, and of those that it depends on, are present before it stops anything or takes a network away. */
function pullsFirst({ draft, desired }: Scope): void {
  const byName = new Map(desired.apps.map((app) => [app.name, app]));
  const pulls = draft.steps.filter(({ kind }) => kind === 'pull-image').map(({ id }) => id);
  const neededBy = new Map<string, readonly string[]>();
  const pullsOf = (name: string): readonly string[] => {
    const known = neededBy.get(name);
    if (known !== undefined) return known;
    neededBy.set(name, []); // ends a circle
    const own = draft.steps
      .filter(({ kind, app }) => kind === 'create-container' && app === name)
      .flatMap(({ after }) => after.filter((id) => pulls.includes(id)));
    const found = [...new Set([...own, ...(byName.get(name)?.dependsOn ?? []).flatMap(pullsOf)])];
    neededBy.set(name, found);
    return found;
  };
  for (const step of [...draft.steps]) {
    const beforeStop = step.kind === 'run-hook' && !step.required;
    if (step.kind === 'stop-container' || step.kind === 'disconnect-network' || beforeStop)
      for (const pull of pullsOf(step.app)) draft.waitFor(step.id, pull);
  }
}
