// All that the loop knows of drift over time: since when, what did it, how often it was corrected, and what was found inside
// containers. Decides by fleet/reconcile/{fights,culprit,inside}.ts.
import type { EngineEvent } from '../../fleet/engine/event.ts';
import type { Difference, Plan, Step } from '../../fleet/model/plan.ts';
import { LABEL } from '../../fleet/names.ts';
import { explains, type Scene } from '../../fleet/reconcile/culprit.ts';
import { type Fights, forgetFights, heldKeys, noteCorrected } from '../../fleet/reconcile/fights.ts';
import { dueInside, insideDifferences, isLookedInto } from '../../fleet/reconcile/inside.ts';
import { matchService } from '../../fleet/reconcile/match.ts';
import { driftKey, isActedOn, isDrift } from '../../fleet/reconcile/ownership.ts';
import type { Applied } from '../apply/apply-plan.ts';
import { createCulprits } from './culprits.ts';
import { createDriftEvents, type DriftEvents } from './drift-events.ts';
import type { Parts } from './parts.ts';

/** Events of drift that is held back wake the loop no more often than this. */
const HELD_WAKE_MS = 5000;
/** Containers that are looked into in one cycle; the others wait for the next. */
const MOST_INSIDE = 32;

export interface Drifts extends Pick<DriftEvents, 'known'> {
  /** False: it only repeats drift that is held back, and need not wake the loop. */
  saw(event: EngineEvent): boolean;
  /** By id: it was of this device's making at the last look. */
  isOurs(container: string): boolean;
  /** Keys of drift that is not corrected for now. */
  held(): ReadonlySet<string>;
  /** Until the first of those is corrected again; null: none is held back. */
  heldForMs(): number | null;
  /** After every look. */
  note(plan: Plan, scene: Scene, signal: AbortSignal): Promise<void>;
  /** Carries out one step of a plan. */
  during(step: Step, run: () => Promise<void>): Promise<void>;
  /** After the steps of a plan, or of its part for one app, have ended. */
  applied(plan: Plan, applied: Applied): void;
  /** Looks into containers where an app asks for it and it is time. `busy`: apps of which steps are under way, which can wait. */
  lookInside(plan: Plan, scene: Scene, busy: ReadonlySet<string>, signal: AbortSignal): Promise<void>;
  /** What was found there. */
  inside(): readonly Difference[];
}

type DriftParts = Pick<Parts, 'engine' | 'store' | 'now' | 'monotonicMs'>;

export function createDrifts(
  parts: DriftParts,
  given: Pick<Parameters<typeof createDriftEvents>[0], 'event' | 'persist' | 'hide'>,
): Drifts {
  const { monotonicMs } = parts;
  const stored = storedStatus(parts.store.status());
  const culprits = createCulprits(parts, stored.ms);
  const events = createDriftEvents({ ...given, store: parts.store, now: parts.now, by: stored.by });
  let fights: Fights = new Map();
  /** What is held back, as of the last look. */
  let standing: { readonly held: readonly Difference[]; readonly scene: Scene } | null = null;
  let wokenMs = Number.NEGATIVE_INFINITY;
  const found = new Map<string, readonly Difference[]>();
  const lookedMs = new Map<string, number>();

  const inside = () => [...found.values()].flat();

  const note: Drifts['note'] = async ({ differences, revision }, scene, signal) => {
    standing = { held: differences.filter(({ left }) => left === 'held'), scene };
    const drifts = [...differences.filter(isDrift), ...inside()];
    const begun = drifts.filter((one) => !events.known().has(driftKey(one)));
    await culprits.catchUp(begun, scene, signal);
    events.note(drifts, revision, { by: (one) => culprits.by(one, scene), fights, nowMs: monotonicMs() });
  };

  return {
    known: events.known,
    inside,
    isOurs: (container) =>
      standing?.scene.observed.containers.some(
        ({ inspect }) =>
          inspect.Id === container && inspect.Config.Labels?.[LABEL.device] === standing?.scene.desired.device,
      ) === true,
    held: () => heldKeys(fights, monotonicMs()),
    heldForMs() {
      const ends = (standing?.held ?? []).flatMap((one) => fights.get(driftKey(one))?.heldUntilMs ?? []);
      return ends.length === 0 ? null : Math.max(0, Math.min(...ends) - monotonicMs());
    },
    saw(event) {
      culprits.saw(event);
      const repeats = standing?.held.some((one) => standing !== null && isRepeat(event, one, standing.scene));
      if (repeats !== true) return true;
      const nowMs = monotonicMs();
      if (nowMs - wokenMs < HELD_WAKE_MS) return false;
      wokenMs = nowMs;
      return true;
    },
    note,
    during: (step, run) => culprits.during(step, run),
    applied({ differences, steps }, { failed, skipped }) {
      const unfinished = new Set([...failed.map(({ step }) => step), ...skipped].map(({ resource }) => resource));
      const moved = new Set(steps.map(({ resource }) => resource).filter((resource) => !unfinished.has(resource)));
      const done = differences.filter((one) => moved.has(one.resource) && isActedOn(one));
      fights = forgetFights(fights, new Set(done.filter((one) => !isDrift(one)).map(({ resource }) => resource)));
      fights = noteCorrected(fights, done.filter(isDrift).map(driftKey), monotonicMs());
    },
    async lookInside(plan, scene, busy, signal) {
      const { desired, observed } = scene;
      const nowMs = monotonicMs();
      const idle = desired.apps.filter(({ name }) => !busy.has(name));
      const due = dueInside(idle, lookedMs, nowMs);
      let room = MOST_INSIDE;
      for (const app of due) {
        const mains = app.services.flatMap((service) => {
          const { main } = matchService(desired.device, app, service, observed, () => true);
          return main !== undefined && isLookedInto(main) ? [{ service, main }] : [];
        });
        if (mains.length > room && room < MOST_INSIDE) break;
        room -= mains.length;
        lookedMs.set(app.name, nowMs);
        const differences: Difference[] = [];
        for (const { service, main } of mains.slice(0, MOST_INSIDE)) {
          const looked = await parts.engine.inside(main.inspect.Id, signal);
          if (looked !== null) differences.push(...insideDifferences(app, service, main, looked));
        }
        found.set(app.name, differences);
      }
      const asked = new Set(desired.apps.flatMap(({ name, insideMs }) => (insideMs === null ? [] : [name])));
      for (const name of [...found.keys()]) if (!asked.has(name)) found.delete(name);
      if (due.length > 0) await note(plan, scene, signal);
    },
  };
}

/** The drift itself, or its being undone by the one who sets it. */
function isRepeat(event: EngineEvent, held: Difference, scene: Scene): boolean {
  if (explains(event, held, scene)) return true;
  const isState = held.field === 'state' && ['start', 'unpause', 'restart'].includes(event.action);
  return isState && explains({ ...event, action: 'die' }, { ...held, observed: null }, scene);
}

/** When the last run reported, and what it knew of what did each drift. */
function storedStatus(json: string | null): { readonly ms: number | null; readonly by: ReadonlyMap<string, string> } {
  try {
    const { ts, drift } = JSON.parse(json ?? '{}') as { readonly ts?: unknown; readonly drift?: unknown };
    const ms = typeof ts === 'string' ? Date.parse(ts) : Number.NaN;
    const entries = (Array.isArray(drift) ? drift : []) as (Parameters<typeof driftKey>[0] & {
      readonly by?: unknown;
    })[];
    const by = entries.flatMap((one) => (typeof one.by === 'string' ? [[driftKey(one), one.by] as const] : []));
    return { ms: Number.isNaN(ms) ? null : ms, by: new Map(by) };
  } catch {
    // A damaged row is as good as none.
    return { ms: null, by: new Map() };
  }
}
