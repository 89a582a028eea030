// A Git server as an upstream: narrowly where it speaks protocol v2 with filters, by snapshots where it does not. Asks
// narrowly first, since that costs nothing where it works; what the server offers is looked up only when it does not.
import { HoldfastError } from '../../../fleet/error.ts';
import { ProtocolError } from '../pkt-line.ts';
import { NoAnswer } from '../transport/conversation.ts';
import type { Upstream } from '../upstream.ts';
import { ServerRefusal } from './commands.ts';
import { createNarrow, type NarrowOptions } from './narrow.ts';
import { createSnapshot } from './snapshot.ts';

const NO_V2 = 'the server speaks no protocol v2';
const NO_FILTERS = 'the server has filters off';

/** A server with filters off may have them on some day: it is asked narrowly again, and each device at a time of its own. */
export const NARROW_AGAIN_MS = 60 * 60 * 1000;
const JITTER = 0.25;
/** A server that spoke protocol v2 so lately does so still: a status tells of its troubles. */
const KNOWN_MS = 15 * 60 * 1000;

type Way = Omit<Upstream, 'way' | 'close'>;
/** What a request takes of the server. */
type Needs = 'v2' | 'filters';

/** What was found out about a server; kept while the agent runs, so that it is found out once. */
export interface ServerTraits {
  /** Why objects come by snapshots; null: they come narrowly. */
  snapshot: typeof NO_FILTERS | typeof NO_V2 | null;
  /** When that was found out or last tried, by a clock that never goes back; null: it was not. */
  sinceMs?: number | null;
  /** How long after that it is asked narrowly again. */
  waitMs?: number;
  /** When it last listed its refs in protocol v2. */
  refsMs?: number;
}

export interface ServerOptions extends NarrowOptions {
  readonly traits: ServerTraits;
  /** For messages, without credentials. */
  readonly shown: string;
  /** What isomorphic-git is told; the conversation knows the way. */
  readonly url: string;
  /** Snapshots are unpacked below it, each in a folder of its own. */
  readonly folder: string;
  /** A clock that never goes back; absent: that of the process. */
  readonly nowMs?: () => number;
}

export function createServer(options: ServerOptions): Upstream {
  const { conversation, traits, shown, nowMs = () => performance.now() } = options;
  const narrow = createNarrow(options);
  const snapshot = createSnapshot(options);
  let wasLookedUp = false;
  return {
    get way() {
      return traits.snapshot === null ? 'narrow' : `snapshot (${traits.snapshot})`;
    },
    refs: (prefixes, signal) => choose('v2', signal, (way) => way.refs(prefixes, signal)),
    history: (wanted, keep, signal) => choose('filters', signal, (way) => way.history(wanted, keep, signal)),
    trees: (oids, keep, signal, commit) => choose('filters', signal, (way) => way.trees(oids, keep, signal, commit)),
    whole: (oids, keep, signal, commit) => choose('filters', signal, (way) => way.whole(oids, keep, signal, commit)),
    close() {
      snapshot.close();
      conversation.close();
    },
  };

  async function choose<T>(needs: Needs, signal: AbortSignal, ask: (way: Way) => Promise<T>): Promise<T> {
    const lack = needs === 'filters' || traits.snapshot === NO_V2 ? traits.snapshot : null;
    if (lack !== null && !isDue(traits, nowMs())) return await ask(snapshot).catch(fail);
    // One try, however it ends: what works by snapshots goes on working.
    if (lack !== null) note(traits, lack, nowMs());
    try {
      const answer = await ask(narrow);
      if (lack !== null) Object.assign(traits, { snapshot: null, sinceMs: null });
      if (needs === 'v2') traits.refsMs = nowMs();
      return answer;
    } catch (error) {
      if (signal.aborted || !saysSomething(error)) throw gitError(shown, error);
      if (lack === null && !(await isTheServersTrait(error, needs, signal))) throw gitError(shown, error);
      return await ask(snapshot).catch(fail);
    }
  }

  function fail(error: unknown): never {
    throw gitError(shown, error);
  }

  /** Looks up, after a failure that may say so, whether the server lacks what was asked of it. */
  async function isTheServersTrait(error: unknown, needs: Needs, signal: AbortSignal): Promise<boolean> {
    if (isStatus(error) && !mayLookUp(needs)) return false;
    const offered = await conversation.capabilities(signal).catch(() => 'unknown' as const);
    if (offered === 'unknown') return false;
    if (offered === null) {
      note(traits, NO_V2, nowMs());
      return true;
    }
    const format = offered.get('object-format') ?? 'sha1';
    if (format !== 'sha1') throw otherHash(shown, format);
    if (offered.get('fetch')?.split(' ').includes('filter') === true) return false;
    note(traits, NO_FILTERS, nowMs());
    return true;
  }

  /** After a bare status: a server in trouble is not to be asked twice for each thing that is wanted of it. */
  function mayLookUp(needs: Needs): boolean {
    const isKnown = needs === 'v2' && nowMs() - (traits.refsMs ?? Number.NEGATIVE_INFINITY) < KNOWN_MS;
    if (wasLookedUp || isKnown) return false;
    wasLookedUp = true;
    return true;
  }
}

function isDue({ sinceMs, waitMs = NARROW_AGAIN_MS }: ServerTraits, nowMs: number): boolean {
  return nowMs - (sinceMs ?? Number.NEGATIVE_INFINITY) >= waitMs;
}

function note(traits: ServerTraits, lack: NonNullable<ServerTraits['snapshot']>, nowMs: number): void {
  traits.snapshot = lack;
  traits.sinceMs = nowMs;
  traits.waitMs = NARROW_AGAIN_MS * (1 + JITTER * Math.random());
}

/** An answer that was understood, or that never came for reasons of its own, says nothing about what the server can do. */
function saysSomething(error: unknown): boolean {
  if (error instanceof ProtocolError) return true;
  if (error instanceof ServerRefusal) return !isGone(error);
  if (!(error instanceof HoldfastError) || error.code !== 'GitUnreachable' || error.retryAfterMs !== null) return false;
  return error.cause instanceof ProtocolError || error.cause instanceof NoAnswer;
}

function isStatus(error: unknown): boolean {
  return error instanceof HoldfastError && error.cause instanceof NoAnswer && error.cause.kind === 'status';
}

/** In the words of Git, and of JGit. */
function isGone(error: ServerRefusal): boolean {
  return /not our ref|no such remote ref|unadvertised object|want [0-9a-f]{40} not valid/i.test(error.message);
}

function otherHash(shown: string, format: string): HoldfastError {
  return new HoldfastError(
    'GitContentRefused',
    `${shown} is a ${format.toUpperCase().replace('SHA', 'SHA-')} repository, and this version reads SHA-1 only. Convert it, or make a SHA-1 repository for the fleet.`,
  );
}

/** What the protocol throws, as one of the Git error codes. */
function gitError(shown: string, error: unknown): unknown {
  if (error instanceof ProtocolError)
    return new HoldfastError('GitUnreachable', `${shown} cannot be read: ${error.message}. It is tried again.`, {
      cause: error,
    });
  if (!(error instanceof ServerRefusal)) return error;
  const said = error.message.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
  return new HoldfastError(isGone(error) ? 'GitRefNotFound' : 'GitUnreachable', `${shown} says: ${said}`, {
    cause: error,
  });
}
