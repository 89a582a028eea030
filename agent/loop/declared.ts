// What Git declares for this device. Follows the ref, and what is handed in on the host; keeps the last accepted state when Git is away or a commit is bad.

import { HoldfastError, messageOf, reasonOf } from '../../fleet/error.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import { commitOf, formatRevision } from '../../fleet/names.ts';
import type { Failure } from '../../fleet/status.ts';
import type { Source, Tip } from '../git/source.ts';
import { type Admitted, declare } from './declare.ts';
import { awayFailure, isOfHost, isRefusal, mayPass } from './failures.ts';
import type { Parts } from './parts.ts';

export interface Declared {
  /** null: nothing was ever accepted. */
  desired(): Desired | null;
  /** The revision that the ref names; null: not known since the start. */
  gitRevision(): string | null;
  failures(): readonly Failure[];
  /** What the accepted state asks of the host. */
  asks(): readonly Ask[];
  /** How long the Git server asked to be left alone when it was last asked; null: it did not. */
  retryAfterMs(): number | null;
  /** Takes what was handed in, then asks Git. Never throws: what went wrong is in `failures`. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Takes what was handed in, without asking Git what is new. Never throws. */
  takeIn(signal: AbortSignal): Promise<void>;
}

export type DeclaredParts = Pick<Parts, 'config' | 'source' | 'inbox' | 'verifier' | 'judge' | 'secrets' | 'log'> & {
  readonly accepted: Desired | null;
  /** What the accepted state asks of the host. */
  readonly asks: readonly Ask[];
  /** Revision that was last applied, for when none is known to have been accepted. */
  readonly applied: () => string | null;
  readonly accept: (accepted: Admitted) => void;
  /** Commits that have to stay held. */
  readonly kept: () => readonly string[];
};

export function createDeclared(parts: DeclaredParts): Declared {
  const { source, inbox, log } = parts;
  let { accepted: desired, asks } = parts;
  let gitRevision: string | null = null;
  /** Of reaching Git or a registry: ends when they answer. */
  let away: Failure | null = null;
  let retryAfterMs: number | null = null;
  /** Of one commit: ends with the next. */
  let refused: Failure | null = null;
  /** What Git named when it was last asked. */
  let known: Tip | null = null;
  let turn: Promise<void> = Promise.resolve();

  return {
    desired: () => desired,
    gitRevision: () => gitRevision,
    failures: () => [away, refused].filter((failure) => failure !== null),
    asks: () => asks,
    retryAfterMs: () => retryAfterMs,
    refresh: (signal) =>
      inTurn(signal, async () => {
        retryAfterMs = null;
        await takeBundle(signal);
        known = await source.poll(signal);
        if (known !== null) await follow(source, known, signal);
        away = null;
      }),
    takeIn: (signal) =>
      inTurn(signal, async () => {
        await takeBundle(signal);
        if (known !== null && (await inbox.accepted()) === known.commit) await follow(source, known, signal);
      }),
  };

  /** One after the other. What goes wrong is kept until Git is asked again. */
  function inTurn(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error: unknown) => {
      if (signal.aborted) return;
      away = awayFailure(error, desired !== null);
      if (error instanceof HoldfastError) retryAfterMs = error.retryAfterMs;
    });
    return turn;
  }

  /** What cannot be read as a bundle is told once and dropped: nobody will mend it in the inbox. What this host lacks is no fault of it. */
  async function takeBundle(signal: AbortSignal): Promise<void> {
    const path = await inbox.bundle();
    if (path === null) return;
    const bundle = source.bundle(path);
    try {
      const tip = await bundle.poll(signal);
      // Whatever was said of this commit before: other objects have come since.
      if (tip !== null) await follow(bundle, tip, signal, true);
    } catch (error) {
      if (signal.aborted || isOfHost(error)) throw error;
      log('error', `the bundle that was handed in cannot be used and was dropped: ${messageOf(error)}`);
    } finally {
      bundle.close();
    }
    await inbox.remove(path);
  }

  async function follow(from: Source, tip: Tip, signal: AbortSignal, again = false): Promise<void> {
    const revision = formatRevision(tip.name, tip.commit);
    const override = await inbox.accepted();
    if (!again && isSettled(revision, tip, override)) return;
    if (revision !== gitRevision) await dropOld(parts, tip);
    try {
      const floor = commitOf(desired?.revision ?? parts.applied());
      const known = { source: from, floor, override, held: desired, asked };
      const next = await declare({ ...parts, ...known }, tip, revision, signal);
      // First what survives a power cut, then what cycles act on.
      parts.accept(next);
      desired = next.desired;
      asks = next.asks;
      refused = null;
      if (override === tip.commit) await inbox.clearAccepted();
      log('info', `${revision} is the declared state`, { signedBy: next.signedBy });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused = { key: `commit ${revision}`, reason: reasonOf(error), message: messageOf(error), stalled: true };
    }
    gitRevision = revision;
    if (refused === null) await dropOld(parts, tip);
  }

  /** What was said of this revision would be said again. */
  function isSettled(revision: string, tip: Tip, override: string | null): boolean {
    if (revision !== gitRevision) return false;
    return refused === null ? desired?.revision === revision : !mayPass(refused, tip, override);
  }

  /** What is in force may be of an agent that did not write down what it asks. */
  function asked(revision: string, found: readonly Ask[]): void {
    if (desired?.revision === revision) asks = found;
  }
}

/** Drops what no longer matters; not what this commit has brought so far, so that a slow link gets on. Stops nothing. */
async function dropOld({ source, kept, log }: DeclaredParts, tip: Tip): Promise<void> {
  await source.retain([...kept(), tip.commit]).catch((error: unknown) => {
    log('warn', `old Git objects cannot be removed: ${messageOf(error)}`);
  });
}
