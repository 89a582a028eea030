// How long a service is expected not to answer while a plan is carried out. An estimate from what is known beforehand, and
// said as one: how long a process takes to stop or to listen, only its own past could tell.
import type { EngineHealthcheck } from '../engine/inspect.ts';
import type { Step } from '../model/plan.ts';

export type Downtime =
  /** It serves all the while, or serves nobody now. */
  | { readonly kind: 'none' }
  /** `healthyMs`: after its start its health check can pass for the first time; null: it has none. */
  | { readonly kind: 'about'; readonly ms: number; readonly healthyMs: number | null }
  /** It is taken away. */
  | { readonly kind: 'for-good' };

/** One that heeds its stop signal. */
const STOP_MS = 1000;
/** Until the process listens again. */
const START_MS = 1000;
/** Off a network and on it again. */
const RECONNECT_MS = 500;
/** The Engine's own, where neither file nor image says. */
const CHECK_INTERVAL_NS = 30e9;
const CHECK_START_INTERVAL_NS = 5e9;

/** Of a service whose container stops before the next one starts; null: killed when the Engine thinks fit. */
export function expectedGapMs(stopTimeoutS: number | null): number {
  return Math.min((stopTimeoutS ?? Number.POSITIVE_INFINITY) * 1000, STOP_MS) + START_MS;
}

/** `steps`: those of one service that stays declared, in the plan's order. */
export function downtimeOf(steps: readonly Step[], check: EngineHealthcheck | null): Downtime {
  const [gapMs] = steps.flatMap(gapOf);
  if (gapMs !== undefined) return { kind: 'about', ms: gapMs, healthyMs: healthyMs(check) };
  const replaced = steps.some(({ kind }) => kind === 'remove-container' || kind === 'create-container');
  const reconnected = !replaced && steps.some((step) => isReconnected(step, steps));
  return reconnected ? { kind: 'about', ms: RECONNECT_MS, healthyMs: null } : { kind: 'none' };
}

function gapOf(step: Step): readonly number[] {
  if (step.kind === 'restart-container') return [expectedGapMs(step.timeoutS)];
  return step.kind === 'stop-container' && step.gapMs !== undefined ? [step.gapMs] : [];
}

function isReconnected({ kind, id, cause }: Step, steps: readonly Step[]): boolean {
  if (kind !== 'connect-network') return false;
  const left = id.replace(/^connect-network/, 'disconnect-network');
  return cause === 'its network was replaced' || steps.some((step) => step.id === left);
}

/** The first check comes after one interval: that of the start, while there is such a period. */
function healthyMs(check: EngineHealthcheck | null): number | null {
  const [first] = check?.Test ?? [];
  if (check === null || first === undefined || first === 'NONE') return null;
  const interval = check.Interval || CHECK_INTERVAL_NS;
  const starting = check.StartPeriod ? Math.min(check.StartInterval || CHECK_START_INTERVAL_NS, interval) : interval;
  return Math.round(starting / 1e6);
}
