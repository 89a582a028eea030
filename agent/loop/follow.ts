// The loop that follows Git: at its interval, at once on a hint, later after errors and when the server asks for it.
import type { Declared } from './declared.ts';
import { createPollPace } from './pace.ts';
import type { Parts } from './parts.ts';
import type { Trigger } from './trigger.ts';

/** A hint is answered at once; further ones wait this long: a hub that repeats itself must not become a load on Git. */
const HINT_SPACING_MS = 5000;
const HINT_SETTLE_MS = 50;
/** By how much of what a Git server asked for devices come back later than that. */
const QUIET_SPREAD = 0.25;

export type FollowParts = Pick<Parts, 'monotonicMs' | 'random'> & {
  readonly declared: Declared;
  readonly hint: Trigger;
  /** Something was handed in on the host. */
  readonly handedIn: Trigger;
  readonly intervalMs: () => number;
  /** Something is to be acted on or reported. */
  readonly onChange: () => void;
  /** Another revision is declared: it comes before `onChange`. */
  readonly onRevision: () => void;
};

export async function followGit(parts: FollowParts, signal: AbortSignal): Promise<void> {
  const { declared, hint, intervalMs, monotonicMs, random } = parts;
  const restMs = createPollPace(random);
  let hintedMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    await look(parts, () => declared.refresh(signal));
    const failed = declared.failures().some(({ stalled }) => !stalled);
    const quietMs = quietTime(declared.retryAfterMs(), random());
    const settleMs = Math.max(HINT_SETTLE_MS, quietMs, hintedMs + HINT_SPACING_MS - monotonicMs());
    const waitMs = Math.max(quietMs, restMs(failed, intervalMs()));
    if (await hint.wait(waitMs, settleMs, signal)) hintedMs = monotonicMs();
  }
}

/** What a person hands in on the host is taken at once, whatever a Git server asked for. */
export async function followInbox(parts: FollowParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const handedIn = await parts.handedIn.wait(Number.POSITIVE_INFINITY, HINT_SETTLE_MS, signal);
    if (handedIn && !signal.aborted) await look(parts, () => parts.declared.takeIn(signal));
  }
}

async function look({ declared, onChange, onRevision }: FollowParts, work: () => Promise<void>): Promise<void> {
  const before = outline(declared);
  const revision = declared.desired()?.revision;
  await work();
  if (declared.desired()?.revision !== revision) onRevision();
  if (outline(declared) !== before) onChange();
}

/** Changes with everything that the other loop acts on or reports. */
function outline(declared: Declared): string {
  return JSON.stringify([declared.desired()?.revision, declared.gitRevision(), declared.failures()]);
}

/** What a Git server asked for is kept, hints or not; a fleet that was told the same does not come back as one. */
function quietTime(retryAfterMs: number | null, random: number): number {
  return retryAfterMs === null ? 0 : retryAfterMs * (1 + QUIET_SPREAD * random);
}
