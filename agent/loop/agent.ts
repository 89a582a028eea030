// The agent: two loops beside each other. One follows Git; the other runs cycles, one after the other, woken by its own
// time, by Engine events and by what the first finds. A slow Git never holds up a repair, a slow pull never a new commit.
import { shortRevision } from '../../fleet/names.ts';
import { createCycle, type Outcome } from './cycle.ts';
import { createDeclared } from './declared.ts';
import { followGit, followInbox } from './follow.ts';
import { keptCommits } from './kept.ts';
import { createLookPace } from './pace.ts';
import type { Parts } from './parts.ts';
import { createReport } from './report.ts';
import { createTrigger } from './trigger.ts';
import { concerns } from './watched.ts';

/** Between two looks of `once` at an open health gate. */
const ONCE_LOOK_MS = 500;
/** Beyond the longest health gate, `once` gives up. */
const ONCE_MARGIN_MS = 60_000;
/** How long `once` waits for the broker to take its report. */
const ONCE_REPORT_MS = 2000;

export interface Agent {
  /** Runs until the signal aborts. Throws when a loop breaks: whoever started it starts it again. */
  run(signal: AbortSignal): Promise<void>;
  /** One full reconcile, health gate included. The last outcome says whether the device is where Git wants it. */
  once(signal: AbortSignal): Promise<Outcome>;
}

export function createAgent(parts: Parts): Agent {
  const { config, engine, reporter, store, log, monotonicMs } = parts;
  const accepted = store.snapshot('accepted') ?? store.snapshot('last_good');
  for (const name of ['last_good', 'accepted'] as const) parts.secrets.learn(store.snapshot(name)?.secretValues ?? []);
  const declared = createDeclared({
    ...parts,
    accepted,
    asks: accepted === null ? [] : store.asks(accepted.revision),
    applied: store.applied,
    accept: ({ desired, asks, signedBy }) => store.putAccepted(desired, asks, signedBy),
    kept: () => keptCommits(store),
  });
  const cycle = createCycle(parts, declared, createReport(parts));
  const [wake, hint, handedIn] = [createTrigger(), createTrigger(), createTrigger()];
  let superseded = new AbortController();

  return {
    async run(signal) {
      if (accepted !== null) log('info', `starting from ${shortRevision(accepted.revision)}`);
      const broken = new AbortController();
      const all = AbortSignal.any([signal, broken.signal]);
      const watching = engine.watch(
        (event) => {
          if (concerns(event, config.device, declared.desired())) wake.fire();
        },
        wake.fire,
        all,
      );
      const following = { ...parts, declared, hint, handedIn, intervalMs, onChange: wake.fire, onRevision: supersede };
      const loops = [
        followGit(following, all),
        followInbox(following, all),
        reconcile(all),
        watching,
        parts.inbox.watch(handedIn.fire, all),
        reporter.run(hint.fire, all),
      ];
      try {
        await Promise.all(loops);
      } finally {
        broken.abort();
        await Promise.allSettled(loops);
      }
    },
    async once(signal) {
      const ended = new AbortController();
      const reporting = reporter.run(hint.fire, ended.signal);
      try {
        return await converge(signal);
      } finally {
        await untilIdle(parts, signal);
        ended.abort();
        await reporting;
      }
    },
  };

  function supersede(): void {
    superseded.abort();
    superseded = new AbortController();
  }

  async function reconcile(signal: AbortSignal): Promise<void> {
    const rest = createLookPace(parts.random);
    while (!signal.aborted) {
      const outcome = await cycle.run(signal, superseded.signal).catch((error: unknown) => {
        if (signal.aborted) return null;
        throw error;
      });
      if (outcome === null) return;
      const { waitMs, settleMs } = rest(outcome, intervalMs(), monotonicMs());
      await wake.wait(waitMs, settleMs, signal);
    }
  }

  async function converge(signal: AbortSignal): Promise<Outcome> {
    const startedMs = monotonicMs();
    await declared.refresh(signal);
    let outcome = await cycle.run(signal);
    while (outcome.waiting && !outcome.failed && !signal.aborted && monotonicMs() - startedMs < onceLimitMs()) {
      await wake.wait(ONCE_LOOK_MS, 0, signal);
      outcome = await cycle.run(signal);
    }
    return outcome;
  }

  function intervalMs(): number {
    return declared.desired()?.intervalMs ?? config.source.interval;
  }

  function onceLimitMs(): number {
    return ONCE_MARGIN_MS + Math.max(0, ...(declared.desired()?.apps ?? []).map((app) => app.healthTimeoutMs));
  }
}

/** Looks every few milliseconds, for a while; nobody tells when the broker has taken everything. */
async function untilIdle({ reporter, monotonicMs }: Parts, signal: AbortSignal): Promise<void> {
  const startedMs = monotonicMs();
  const rest = createTrigger();
  while (!reporter.idle() && !signal.aborted && monotonicMs() - startedMs < ONCE_REPORT_MS)
    await rest.wait(20, 0, signal);
}
