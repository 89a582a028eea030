// What a plan means, resource by resource: what becomes of each, why, how long it does not answer, what is pulled for it.
// One structure, from which text and JSON are made.
import type { EngineHealthcheck } from '../engine/inspect.ts';
import type { Desired } from '../model/desired.ts';
import type { Observed } from '../model/observed.ts';
import type { Difference, Plan, Step, StepOf } from '../model/plan.ts';
import type { Service } from '../model/service.ts';
import { containerKey, resourceKey } from '../names.ts';
import { type Downtime, downtimeOf } from './downtime.ts';
import { isActedOn } from './ownership.ts';
import { formatDifference } from './text.ts';
import { inUnits } from './units-shown.ts';

/** `restart`: the same container, stopped and started. `in-place`: the same container, which may run on. */
export const ACTIONS = ['create', 'recreate', 'restart', 'in-place', 'remove'] as const;
export type Action = (typeof ACTIONS)[number];

export interface ResourceSummary {
  /** `service:kiosk/web` */
  readonly resource: string;
  readonly app: string;
  /** `kiosk/web`, `network kiosk/front` */
  readonly name: string;
  readonly action: Action;
  readonly causes: readonly string[];
  /** The host moved, not Git. */
  readonly drift: boolean;
  readonly downtime: Downtime;
  readonly pull: Pull;
}

export interface Pull {
  readonly images: number;
  /** Of those whose size is known. */
  readonly bytes: number;
  /** Images whose size nobody knows before. */
  readonly unknown: number;
}

export interface PlanSummary {
  /** In the order in which their steps begin. */
  readonly resources: readonly ResourceSummary[];
  readonly count: Readonly<Record<Action, number>>;
  readonly pull: Pull;
  /** Of one service, in milliseconds; 0: none. */
  readonly longestGapMs: number;
}

export interface SummaryInput {
  readonly plan: Plan;
  readonly desired: Desired;
  readonly observed: Observed;
}

export function summarise({ plan, desired, observed }: SummaryInput): PlanSummary {
  const services = new Map(
    desired.apps.flatMap((app) =>
      app.services.map((service) => [resourceKey('service', app.name, containerKey(service)), service] as const),
    ),
  );
  const byResource = Map.groupBy(plan.steps.filter(counts), ({ resource }) => resource);
  const resources = [...byResource].flatMap(([resource, steps]): ResourceSummary[] => {
    const service = services.get(resource);
    const action = actionOf(resource, steps, service !== undefined);
    const [first] = steps;
    if (action === null || first === undefined) return [];
    const differences = plan.differences.filter((one) => one.resource === resource && isActedOn(one));
    return [
      {
        ...{ resource, app: first.app, name: nameOf(resource), action },
        causes: causesOf(action, steps, differences),
        drift: differences.length > 0 && differences.every(({ origin }) => origin === 'drift'),
        downtime: downtimeIn(action, resource, steps, checkOf(service, observed)),
        pull: pullOf(plan.steps, steps),
      },
    ];
  });
  return {
    resources,
    count: Object.fromEntries(
      ACTIONS.map((action) => [action, resources.filter((one) => one.action === action).length]),
    ) as Record<Action, number>,
    pull: sumOf(plan.steps.filter(isPull)),
    longestGapMs: Math.max(0, ...resources.map(({ downtime }) => (downtime.kind === 'about' ? downtime.ms : 0))),
  };
}

/** Waiting for a service does nothing to it. */
function counts({ kind }: Step): boolean {
  return kind !== 'await-service' && kind !== 'pull-image';
}

function isPull(step: Step): step is StepOf<'pull-image'> {
  return step.kind === 'pull-image';
}

function downtimeIn(
  action: Action,
  resource: string,
  steps: readonly Step[],
  check: EngineHealthcheck | null,
): Downtime {
  if (!resource.startsWith('service:')) return { kind: 'none' };
  return action === 'remove' ? { kind: 'for-good' } : downtimeOf(steps, check);
}

/** null: nothing that anybody would see. */
function actionOf(resource: string, steps: readonly Step[], isDeclared: boolean): Action | null {
  const has = (kind: Step['kind']) => steps.some((step) => step.kind === kind);
  if (!resource.startsWith('service:')) {
    const [made, gone] = [has('create-network') || has('create-volume'), has('remove-network')];
    return made && gone ? 'recreate' : made ? 'create' : gone ? 'remove' : steps.length > 0 ? 'in-place' : null;
  }
  // A replacement takes its name last, once the old one is gone; it may have been made before.
  if (has('rename-container') && (has('remove-container') || has('create-container'))) return 'recreate';
  if (has('create-container')) return 'create';
  if (has('restart-container')) return 'restart';
  // What is removed of a service that is declared was left over, and served nobody.
  return has('remove-container') && !isDeclared ? 'remove' : 'in-place';
}

/** What is in the way of nothing but of the step itself says little: content is written because of what wants it. */
function isMinor(step: Step): boolean {
  if (step.kind === 'write-live') return step.way === 'first';
  return step.kind === 'write-content' || step.kind === 'make-data-folder' || step.kind === 'run-hook';
}

function causesOf(action: Action, steps: readonly Step[], differences: readonly Difference[]): string[] {
  // How one container follows another is for the list of steps; why, the last of them says.
  const last = action === 'recreate' ? steps.filter(({ kind }) => kind === 'rename-container').slice(-1) : [];
  const main = last.length > 0 ? last : steps.filter((step) => !isMinor(step));
  const causes = [...new Set((main.length > 0 ? main : steps).map(({ cause }) => cause))];
  const shown = differences.map((difference) => [formatDifference(difference), inUnits(difference)] as const);
  return causes.map((cause) => shown.reduce((text, [raw, human]) => text.replace(raw, () => human), cause));
}

function nameOf(resource: string): string {
  const [kind = '', name = ''] = resource.split(/:(.*)/s);
  return kind === 'service' ? name : `${kind} ${name}`;
}

/** The check that its containers will have. */
function checkOf(service: Service | undefined, observed: Observed): EngineHealthcheck | null {
  if (service === undefined) return null;
  const own = service.healthcheck;
  const images = observed.images.get(service.image)?.Config?.Healthcheck ?? null;
  if (own === undefined) return images;
  return {
    Test: own.test ?? images?.Test ?? null,
    Interval: own.interval ?? images?.Interval ?? 0,
    StartPeriod: own.start_period ?? images?.StartPeriod ?? 0,
    StartInterval: own.start_interval ?? images?.StartInterval ?? 0,
  };
}

/** The pulls that its own steps wait for; several services may wait for one. */
function pullOf(all: readonly Step[], steps: readonly Step[]): Pull {
  const awaited = new Set(steps.filter(({ kind }) => kind === 'create-container').flatMap(({ after }) => after));
  return sumOf(all.filter(isPull).filter(({ id }) => awaited.has(id)));
}

function sumOf(pulls: readonly StepOf<'pull-image'>[]): Pull {
  const known = pulls.flatMap(({ pullBytes }) => pullBytes ?? []);
  return {
    images: pulls.length,
    bytes: known.reduce((sum, bytes) => sum + bytes, 0),
    unknown: pulls.length - known.length,
  };
}
