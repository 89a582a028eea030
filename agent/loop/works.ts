// What cycles have begun, and what came of it. A work is the steps of one app that began together; it may outlive its cycle, so
// that a long step of one app holds up nobody else. Works of different apps go on beside each other, an app has one at a time.
// A later cycle takes the end of a work into its conclusion as if the work had ended there. Must not judge what came of it.
import type { Plan, Step } from '../../fleet/model/plan.ts';
import { partOf, type UnderWay } from '../../fleet/reconcile/under-way.ts';
import type { Applied } from '../apply/apply-plan.ts';

/** A cycle waits this long for what it begins. Most steps end before, and what follows from them follows at once. */
const PATIENCE_MS = 3000;
/** Plans of which steps are under way at once. */
const MOST_PLANS = 16;

export interface Work {
  readonly app: string;
  /** What it was begun with: what differed of the app, what was blocked, its steps. */
  readonly plan: Plan;
  /** Of the version that it is for; undefined: of an app that is to go. */
  readonly spec: string | undefined;
  /** Aborts when something newer is declared: what comes of it then counts for nothing. */
  readonly signal: AbortSignal;
}

export interface EndedWork extends Work {
  readonly applied: Applied;
}

/** As of one moment. */
export interface Standing {
  /** By app. */
  readonly running: ReadonlyMap<string, Work>;
  /** Of which nothing has followed yet. */
  readonly ended: readonly EndedWork[];
  /** What failed in apps that are being tried again. */
  readonly failed: Applied['failed'];
}

export interface Works {
  /** Whether another plan may begin. */
  hasRoom(): boolean;
  isRunning(): boolean;
  /** Something has ended of which nothing has followed yet: the next cycle has something to do. */
  hasEnded(): boolean;
  /** Begins the steps of a plan, of apps that have no work. Settles when they have ended, or after a while. Never rejects. */
  begin(plan: Plan, given: Begun, signal: AbortSignal): Promise<void>;
  /** Forgets what ended for a version that is not in force any more. */
  standing(specOf: SpecOf): Standing;
  /** What follows from these has been drawn. */
  conclude(ended: readonly EndedWork[]): void;
  abort(): void;
  /** Settles when those that were aborted have ended, or after a while. */
  settled(): Promise<void>;
  /** Aborts all of them, and settles when they have ended. */
  end(): Promise<void>;
}

export type SpecOf = (app: string) => string | undefined;

export interface Begun {
  readonly specOf: SpecOf;
  /** Carries the plan out, and tells when all steps of an app have ended. */
  readonly run: (signal: AbortSignal, onEnded: (app: string, applied: Applied) => void) => Promise<unknown>;
  /** Told at once, whenever that is. */
  readonly onEnded: (work: EndedWork) => void;
}

/** `onLate`: a work has ended for which its cycle did not wait. */
export function createWorks(onLate: () => void, patienceMs = PATIENCE_MS): Works {
  const running = new Map<string, Work>();
  const ended = new Map<string, EndedWork>();
  /** By app, what failed last. */
  const failed = new Map<string, EndedWork>();
  const plans = new Map<Promise<void>, AbortSignal>();
  let stop = new AbortController();

  const abort = (): void => {
    stop.abort();
    stop = new AbortController();
  };

  return {
    hasRoom: () => plans.size < MOST_PLANS,
    isRunning: () => running.size > 0,
    hasEnded: () => ended.size > 0,
    async begin(plan, { specOf, run, onEnded }, outer) {
      const signal = AbortSignal.any([outer, stop.signal]);
      const apps = [...new Set(plan.steps.map(({ app }) => app))];
      for (const app of apps) running.set(app, { app, plan: partOf(plan, app), spec: specOf(app), signal });
      let isLate = false;
      const take = (app: string, applied: Applied): void => {
        const work = running.get(app);
        if (work === undefined) return;
        running.delete(app);
        ended.set(app, { ...work, applied });
        onEnded({ ...work, applied });
        if (isLate) onLate();
      };
      const carried: Promise<void> = run(signal, take)
        // Whatever is broken, no app stays busy for ever.
        .catch((error: unknown) => {
          for (const app of apps)
            take(app, { failed: plan.steps.flatMap((step) => (step.app === app ? { step, error } : [])), skipped: [] });
        })
        .then(() => void plans.delete(carried));
      plans.set(carried, signal);
      await atMost(patienceMs, carried);
      isLate = true;
    },
    standing(specOf) {
      const isOver = ({ app, spec, signal }: Work) => signal.aborted || spec !== specOf(app);
      for (const known of [ended, failed]) for (const [app, work] of known) if (isOver(work)) known.delete(app);
      const again = [...failed.values()].filter(({ app }) => running.has(app));
      return {
        running: new Map(running),
        ended: [...ended.values()],
        failed: again.flatMap(({ applied }) => applied.failed),
      };
    },
    conclude(works) {
      for (const work of works) {
        if (ended.get(work.app) === work) ended.delete(work.app);
        if (work.applied.failed.length > 0) failed.set(work.app, work);
        else failed.delete(work.app);
      }
    },
    abort,
    async settled() {
      const aborted = [...plans].flatMap(([run, signal]) => (signal.aborted ? run : []));
      if (aborted.length > 0) await atMost(patienceMs, Promise.all(aborted));
    },
    async end() {
      abort();
      await Promise.all(plans.keys());
    },
  };
}

/** How what has ended did so; all steps of what is under way, the done ones too, and those that are held back count as skipped. */
export function endedIn({ running, ended }: Standing, held: readonly Step[]): Applied {
  return {
    failed: ended.flatMap(({ applied }) => applied.failed),
    skipped: [
      ...ended.flatMap(({ applied }) => applied.skipped),
      ...[...running.values()].flatMap(({ plan }) => plan.steps),
      ...held,
    ],
  };
}

/** Apps of which steps are under way. */
export function busyIn({ running }: Standing): ReadonlySet<string> {
  return new Set(running.keys());
}

/** What their steps were begun with, by app. */
export function begunWith({ running }: Standing): UnderWay {
  return new Map([...running].map(([app, { plan }]) => [app, plan]));
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, late]);
  clearTimeout(timer);
}
