// `once`: cycles until nothing is under way or awaited any more, what failed has had its tries, or the time is up.
import type { Desired } from '../../fleet/model/desired.ts';
import type { Outcome } from './cycle.ts';
import { createLookPace } from './pace.ts';
import type { RestFor } from './rest.ts';

/** Beyond the longest health gate it gives up. What is under way has its own deadlines. */
const MARGIN_MS = 60_000;
/** What failed and may work later gets so many more tries. */
const RETRIES = 3;

export interface Converging {
  readonly look: (signal: AbortSignal) => Promise<Outcome>;
  readonly rest: (rest: RestFor, signal: AbortSignal) => Promise<void>;
  readonly desired: () => Desired | null;
  readonly intervalMs: () => number;
  readonly monotonicMs: () => number;
  readonly random: () => number;
}

/** The last outcome says whether the device is where Git wants it. */
export async function converge(given: Converging, signal: AbortSignal): Promise<Outcome> {
  const { look, rest, desired, intervalMs, monotonicMs, random } = given;
  const pace = createLookPace(random);
  let outcome = await look(signal);
  let retries = 0;
  let sinceMs = monotonicMs();
  const isInTime = () => outcome.busy || monotonicMs() - sinceMs < limitMs(desired());
  const goesOn = () => outcome.busy || outcome.dueInMs !== null || (outcome.retry && retries++ < RETRIES);
  while (!signal.aborted && isInTime() && goesOn()) {
    const { busy, again } = outcome;
    const { waitMs } = pace(outcome, intervalMs(), monotonicMs());
    if (!again) await rest({ waitMs, settleMs: 0, busy }, signal);
    if (busy) sinceMs = monotonicMs();
    outcome = await look(signal);
  }
  return outcome;
}

function limitMs(desired: Desired | null): number {
  return MARGIN_MS + Math.max(0, ...(desired?.apps ?? []).map((app) => app.healthTimeoutMs));
}
