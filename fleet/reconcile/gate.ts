// The health gate: a revision is good once every service was healthy in two looks, a second apart, without having
// restarted in between. Pure: the loop looks, this decides.
import type { Desired } from '../model/desired.ts';
import type { Observed } from '../model/observed.ts';
import { containerKey } from '../names.ts';
import { serviceHealth } from './health.ts';
import { matchService } from './match.ts';

/** Two healthy looks this far apart make a service steady: it did not crash right after it started. */
export const STEADY_MS = 1000;

export interface Gate {
  readonly revision: string;
  /** Monotonic milliseconds, as are all times here. */
  readonly openedMs: number;
  /** Since when everything has been healthy with the same containers and restart counts; null: it is not. */
  readonly steadyMs: number | null;
  readonly fingerprint: string;
}

export type Verdict =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly message: string };

export function openGate(revision: string, nowMs: number): Gate {
  return { revision, openedMs: nowMs, steadyMs: null, fingerprint: '' };
}

export function advanceGate(
  gate: Gate,
  desired: Desired,
  observed: Observed,
  nowMs: number,
): { gate: Gate; verdict: Verdict } {
  const services = desired.apps.flatMap((app) =>
    app.services.map((service) => {
      const { main } = matchService(desired.device, app, service, observed, () => true);
      return { app, service, main, ...serviceHealth(main, service.restart) };
    }),
  );
  const ill = services.filter(({ health }) => health !== 'Healthy');
  const fingerprint = services
    .map(({ main }) => `${main?.inspect.Id} ${main?.inspect.RestartCount ?? 0} ${main?.inspect.State.StartedAt}`)
    .join('\n');
  if (ill.length > 0) {
    const late = ill.filter(({ app }) => nowMs - gate.openedMs > app.healthTimeoutMs);
    const waiting = { ...gate, steadyMs: null, fingerprint };
    if (late.length === 0) return { gate: waiting, verdict: { kind: 'waiting' } };
    const message = late
      .map(({ app, service, message: why }) => `${app.name}/${containerKey(service)}: ${why ?? 'not healthy'}`)
      .join('; ');
    return { gate: waiting, verdict: { kind: 'failed', message } };
  }
  const steadyMs = gate.fingerprint === fingerprint && gate.steadyMs !== null ? gate.steadyMs : nowMs;
  const verdict: Verdict = nowMs - steadyMs >= STEADY_MS ? { kind: 'passed' } : { kind: 'waiting' };
  return { gate: { ...gate, steadyMs, fingerprint }, verdict };
}
