// The agent: two loops beside each other. One follows Git; the other runs cycles, one after the other, woken by its own
// time, by Engine events, by what the first finds and by the end of steps that took long. A slow Git never holds up a repair, a slow
// pull neither a new commit nor another app.
import type { EngineEvent } from '../../fleet/engine/event.ts';
import { messageOf } from '../../fleet/error.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import { shortRevision } from '../../fleet/names.ts';
import { forAccepted } from '../../fleet/rollout/record.ts';
import { converge } from './converge.ts';
import { createCycle, type Outcome } from './cycle.ts';
import { createDeclared } from './declared.ts';
import { followGit, followInbox } from './follow.ts';
import { keptCommits } from './kept.ts';
import { createListener } from './listen.ts';
import { createLookPace } from './pace.ts';
import type { Parts } from './parts.ts';
import { createReport, type Report } from './report.ts';
import { type RestFor, restFor } from './rest.ts';
import { createTrigger } from './trigger.ts';
import { tryAgain } from './try-again.ts';
import { createVersions } from './versions.ts';
import { concerns } from './watched.ts';
import { createWorks } from './works.ts';

/** How long `once` waits for the broker to take its report. */
const ONCE_REPORT_MS = 2000;

export interface Agent {
  /** Runs until the signal aborts. Throws when a loop breaks: whoever started it starts it again. */
  run(signal: AbortSignal): Promise<void>;
  /** One full reconcile, health gate included. The last outcome says whether the device is where Git wants it. */
  once(signal: AbortSignal): Promise<Outcome>;
}

export function createAgent(parts: Parts): Agent {
  const { config, engine, reporter, log, monotonicMs } = parts;
  const [wake, hint, handedIn] = [createTrigger(), createTrigger(), createTrigger()];
  const { declared, report, works, look, tellProgress } = createViews(parts, wake.fire);
  let superseded = new AbortController();
  const listener = createListener(engine, declared.desired, {
    onEvent: (event) => {
      if (isNews(report, event, config.device, declared.desired())) wake.fire();
    },
    onGap: wake.fire,
  });

  return {
    async run(signal) {
      const accepted = declared.desired();
      if (accepted !== null) log('info', `starting from ${shortRevision(accepted.revision)}`);
      const broken = new AbortController();
      const all = AbortSignal.any([signal, broken.signal]);
      const following = { ...parts, declared, hint, handedIn, intervalMs, onChange: wake.fire, onRevision };
      const loops = [
        followGit(following, all),
        followInbox(following, all),
        reconcile(all),
        listener.run(all),
        parts.inbox.watch(onHandedIn, all),
        reporter.run(hint.fire, all),
      ];
      try {
        await Promise.all(loops);
      } finally {
        broken.abort();
        await Promise.allSettled(loops);
        await works.end();
      }
    },
    async once(signal) {
      const ended = new AbortController();
      const beside = [reporter.run(hint.fire, ended.signal), listener.run(ended.signal)];
      try {
        await declared.refresh(signal);
        return await converge({ ...parts, look, rest, intervalMs, desired: declared.desired }, signal);
      } finally {
        await works.end();
        await untilIdle(parts, signal);
        ended.abort();
        await Promise.all(beside);
      }
    },
  };

  /** Commits and bundles concern the one loop, what a person wants tried again the other. */
  function onHandedIn(): void {
    handedIn.fire();
    wake.fire();
  }

  function onRevision(): void {
    superseded.abort();
    superseded = new AbortController();
    listener.onRevision();
  }

  async function reconcile(signal: AbortSignal): Promise<void> {
    const pace = createLookPace(parts.random);
    while (!signal.aborted) {
      const startedMs = monotonicMs();
      const outcome = await look(signal, superseded.signal).catch((error: unknown) => {
        if (signal.aborted) return null;
        throw error;
      });
      if (outcome === null) return;
      parts.onCycle?.({ ms: monotonicMs() - startedMs, steps: outcome.steps, failed: outcome.failed });
      if (outcome.again) continue;
      const { waitMs, settleMs } = pace(outcome, intervalMs(), monotonicMs());
      const mostMs = Math.min(waitMs, outcome.opensInMs ?? waitMs);
      await rest({ waitMs: mostMs, settleMs, busy: outcome.busy }, signal);
    }
  }

  function rest(given: RestFor, signal: AbortSignal): Promise<void> {
    return restFor(wake, given, tellProgress, signal);
  }

  function intervalMs(): number {
    return declared.desired()?.intervalMs ?? config.source.interval;
  }
}

/** What is declared, and one cycle for it. */
function createViews(parts: Parts, wake: () => void) {
  const { store, log } = parts;
  const accepted = store.accepted();
  const versions = createVersions(parts);
  const { goods, begun } = versions.record();
  for (const known of [accepted, ...goods, ...begun]) parts.secrets.learn(known?.secretValues ?? []);
  // Where the agent ended between the two: what is accepted comes first.
  if (accepted !== null) versions.change((record) => forAccepted(record, accepted));
  const declared = createDeclared({
    ...parts,
    accepted,
    asks: accepted === null ? [] : store.asks(accepted.revision),
    applied: store.applied,
    accept({ desired, asks, signedBy }) {
      store.putAccepted(desired, asks, signedBy);
      versions.change((record) => forAccepted(record, desired));
    },
    kept: () => keptCommits(store),
  });
  const report = createReport(parts);
  const works = createWorks(wake);
  const cycle = createCycle(parts, declared, versions, report, works);
  return {
    ...{ declared, report, works, tellProgress: cycle.tellProgress },
    async look(signal: AbortSignal, superseded?: AbortSignal): Promise<Outcome> {
      await tryAgain(parts, versions, report).catch((error: unknown) => {
        log('warn', `what was handed in cannot be taken: ${messageOf(error)}`);
      });
      return await cycle.run(signal, superseded);
    },
  };
}

function isNews({ drifts }: Report, event: EngineEvent, device: string, desired: Desired | null): boolean {
  return drifts.saw(event) && concerns(event, device, desired, drifts.isOurs);
}

/** Looks every few milliseconds, for a while; nobody tells when the broker has taken everything. */
async function untilIdle({ reporter, monotonicMs }: Parts, signal: AbortSignal): Promise<void> {
  const startedMs = monotonicMs();
  const rest = createTrigger();
  while (!reporter.idle() && !signal.aborted && monotonicMs() - startedMs < ONCE_REPORT_MS)
    await rest.wait(20, 0, signal);
}
