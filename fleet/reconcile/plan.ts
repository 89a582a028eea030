// The plan: from desired, observed and inventory to ordered steps. Pure: the same inputs give the same plan, and a
// plan that was carried out plans nothing.
import { HoldfastError } from '../error.ts';
import type { Dependency, DesiredApp, Service } from '../model/desired.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { Plan } from '../model/plan.ts';
import { inOrder } from './order.ts';
import { orderHandovers } from './plan/handover.ts';
import { type NetworkSteps, planNetworks } from './plan/networks.ts';
import { planPrune } from './plan/prune.ts';
import { createScope, type PlanInput, type Scope } from './plan/scope.ts';
import { planService, type ServiceSteps } from './plan/service.ts';
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
  const byName = new Map(app.services.map((service) => [service.name, service]));
  const ordered = inOrder(
    app.services,
    ({ name }) => name,
    ({ depends_on }) => Object.keys(depends_on),
  );
  for (const service of ordered) {
    const dependencies = () =>
      Object.entries(service.depends_on).flatMap(([name, { condition }]) => {
        const dependency = byName.get(name);
        return dependency === undefined ? [] : readiness(scope, app, dependency, condition, planned.get(name));
      });
    const unmet = Object.entries(service.depends_on).find(
      ([name, { condition, required }]) => required && isUnmet(condition, planned.get(name)),
    );
    const restarting = Object.entries(service.depends_on).find(
      ([name, { restart }]) => restart && planned.get(name)?.interrupted,
    );
    const restart = restarting === undefined ? undefined : `its dependency ${restarting[0]} was replaced`;
    planned.set(
      service.name,
      planService(scope, app, service, {
        ...{ networks, volumes, restart },
        dependencies: () => [...earlier(), ...dependencies()],
        unmet: unmet?.[0],
      }),
    );
  }
  return () =>
    ordered.flatMap((service) =>
      readiness(
        scope,
        app,
        service,
        service.healthcheck === undefined ? 'service_started' : 'service_healthy',
        planned.get(service.name),
      ),
    );
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
  if (steps.started.length === 0 && (meets(condition, steps.main) || isUnmet(condition, steps))) return [];
  if (condition === 'service_started') return [...steps.started];
  const id = scope.draft.add(
    { kind: 'await-service', container: service.container_name, condition, timeoutMs: app.healthTimeoutMs },
    {
      subject: `${app.name}/${service.name}`,
      app: app.name,
      resource: `service:${app.name}/${service.name}`,
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
  if (steps === undefined || steps.started.length > 0 || meets(condition, steps.main)) return false;
  if (steps.blocked === true) return true;
  const status = steps.main?.inspect.State.Status;
  return condition !== 'service_started' && status !== 'running' && status !== 'restarting';
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
  for (const { kind, id, app } of [...draft.steps])
    if (kind === 'stop-container' || kind === 'disconnect-network')
      for (const pull of pullsOf(app)) draft.waitFor(id, pull);
}
