// What happened on the Engine lately that was not the agent's own doing, so that a drift can be told with what did it. Bounded:
// of equal events on one thing the newest is kept. Asks the Engine for what was missed; never fails a cycle over it.
import type { EngineEvent } from '../../fleet/engine/event.ts';
import type { Difference, Step } from '../../fleet/model/plan.ts';
import { culpritOf, formatCulprit, isExplicable, type Scene } from '../../fleet/reconcile/culprit.ts';
import type { Parts } from './parts.ts';

/** As many as the Engine itself remembers. */
const EVENTS = 256;
/** Own steps are remembered for as long as events are asked back for, and no more of them than this. */
const OWN_MS = 10 * 60_000;
const OWN_STEPS = 512;
/** A container's end and what follows from it may be told just after the answer to the step that brought it about. */
const SLACK_MS = 250;
/** The first question reaches back to what the last run reported, and no further than this. */
const LONGEST_BACK_MS = 24 * 3600_000;
/** Between two questions for past events. */
const ASK_PAUSE_MS = 10_000;

export interface Culprits {
  saw(event: EngineEvent): void;
  /** Carries out a step: what the Engine tells of its subject in the meantime is the agent's own doing. */
  during<T>(step: Step, run: () => Promise<T>): Promise<T>;
  /** Asks the Engine for past events when one of these may be explained by what was missed. */
  catchUp(differences: readonly Difference[], scene: Scene, signal: AbortSignal): Promise<void>;
  /** `update at 12:03:10Z`; undefined: nothing tells. */
  by(difference: Difference, scene: Scene): string | undefined;
}

interface Own {
  readonly subjects: readonly string[];
  readonly fromMs: number;
  /** null: under way. */
  untilMs: number | null;
}

/** `reportedMs`: when the last run reported, by the clock; null: it never did. */
export function createCulprits(
  { engine, now, monotonicMs }: Pick<Parts, 'engine' | 'now' | 'monotonicMs'>,
  reportedMs: number | null,
): Culprits {
  const events = new Map<string, EngineEvent>();
  let own: readonly Own[] = [];
  /** Ids of containers of the agent's making, by the names that its steps call them by: events of networks tell no other. */
  const made = new Map<string, string>();
  let floorMs = Math.max(reportedMs ?? 0, now().getTime() - LONGEST_BACK_MS);
  let askedMs = Number.NEGATIVE_INFINITY;

  const isOwn = (event: EngineEvent): boolean => {
    const names = subjectsOf(event);
    return own.some(
      ({ subjects, fromMs, untilMs }) =>
        event.ms >= fromMs - SLACK_MS &&
        (untilMs === null || event.ms <= untilMs + SLACK_MS) &&
        subjects.some((subject) => names.includes(subject) || names.includes(made.get(subject) ?? subject)),
    );
  };

  const noteMade = ({ type, action, name, id }: EngineEvent): void => {
    if (type !== 'container' || action !== 'create') return;
    made.delete(name);
    made.set(name, id);
    const [oldest] = made.keys();
    if (made.size > OWN_STEPS && oldest !== undefined) made.delete(oldest);
  };

  const saw = (event: EngineEvent): void => {
    if (isOwn(event)) {
      noteMade(event);
      return;
    }
    const key = [event.type, event.id, event.action, event.attributes.container ?? ''].join(' ');
    const known = events.get(key);
    if (known !== undefined && known.ms > event.ms) return;
    events.delete(key);
    events.set(key, event);
    const [oldest] = events.keys();
    if (events.size > EVENTS && oldest !== undefined) events.delete(oldest);
  };

  const culprit = (difference: Difference, scene: Scene): EngineEvent | undefined =>
    culpritOf(
      difference,
      [...events.values()].sort((a, b) => a.ms - b.ms),
      scene,
    );

  return {
    saw,
    async during(step, run) {
      const nowMs = now().getTime();
      const mine: Own = { subjects: subjectsOfStep(step), fromMs: nowMs, untilMs: null };
      own = [...own.filter(({ untilMs }) => untilMs === null || nowMs - untilMs < OWN_MS), mine].slice(-OWN_STEPS);
      try {
        return await run();
      } finally {
        mine.untilMs = now().getTime();
      }
    },
    async catchUp(differences, scene, signal) {
      const open = differences.some((one) => isExplicable(one) && culprit(one, scene) === undefined);
      if (!open || monotonicMs() - askedMs < ASK_PAUSE_MS) return;
      askedMs = monotonicMs();
      for (const event of await engine.pastEvents(floorMs, signal)) saw(event);
      floorMs = Math.max(floorMs, now().getTime() - OWN_MS);
    },
    by(difference, scene) {
      const event = culprit(difference, scene);
      return event && formatCulprit(event);
    },
  };
}

/** Names and ids that an event goes by. */
function subjectsOf({ id, name, attributes }: EngineEvent): string[] {
  const { container, oldName } = attributes;
  return [
    id,
    name,
    ...(container === undefined ? [] : [container]),
    ...(oldName === undefined ? [] : [oldName.slice(1)]),
  ];
}

function subjectsOfStep(step: Step): string[] {
  switch (step.kind) {
    case 'pull-image':
    case 'write-content':
    case 'write-live':
    case 'make-data-folder':
    case 'await-service':
      return [];
    case 'create-network':
    case 'create-volume':
      return [step.body.Name];
    case 'remove-network':
      return [step.network, step.name];
    case 'create-container':
      return [step.name];
    case 'remove-container':
    case 'rename-container':
      return [step.container, step.name];
    case 'connect-network':
    case 'disconnect-network':
      return [step.container, step.network];
    default:
      return [step.container];
  }
}
