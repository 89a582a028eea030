// Asks a server for single objects, so that a device pays for its own folder and not for the fleet. Protocol v2 with
// filters; a server that lacks them throws `ProtocolError` or `ServerRefusal`, and `server.ts` decides what follows.
import { HoldfastError } from '../../../fleet/error.ts';
import { PACK_LIMITS, readPack, WHOLE_OBJECTS } from '../pack/read-pack.ts';
import type { Conversation } from '../transport/conversation.ts';
import type { Keep, RawObject, Upstream } from '../upstream.ts';
import { type FetchWanted, fetchPack, lsRefs, readFetch, readRefs } from './commands.ts';

/** Answers to ls-refs: a range over the tags of a large repository. */
const REFS_BYTES = 4 * 1024 * 1024;
/** Commits and their topmost trees; a device that was away for years. */
const HISTORY_BYTES = 32 * 1024 * 1024;
/** Ids in one request, which some servers bound. */
const MOST_WANTS = 500;
/** Files at the top of the repository that changed and are kept as they come along; further ones are fetched when they are wanted. */
const TOP_BLOBS = 100;

export interface NarrowOptions {
  readonly conversation: Conversation;
  /** Bounds one answer and what it unpacks to. */
  readonly maxBytes: number;
  /** What is held already: the server may send deltas of it. */
  readonly held: (oid: string) => Promise<RawObject | null>;
}

export function createNarrow({ conversation, maxBytes, held }: NarrowOptions): Omit<Upstream, 'way' | 'close'> {
  return {
    async refs(prefixes, signal) {
      await conversation.renew(signal);
      return readRefs(await conversation.ask(lsRefs(prefixes), REFS_BYTES, signal));
    },
    async history({ commit, tag, since }, keep, signal) {
      const wants = tag === null ? [commit] : [commit, tag];
      if (since === null) {
        // The root tree comes along: one request fewer, and most have a handful of entries.
        await fetch({ wants, filter: 'tree:1', shallow: true, done: true }, sieve(keep, isNoBlob), signal);
        return true;
      }
      // So do the trees in it that changed, as deltas of those that are held: a few bytes for a folder of thousands.
      const changed = { wants, filter: 'tree:2', have: since, thin: true } as const;
      const some = sieve(keep, noBlobsBut(TOP_BLOBS));
      const told = await fetch({ ...changed, done: false }, some, signal);
      if (told.pack !== null) return true;
      if (!told.known) return false;
      // It has both and sees no way between them. It may be wrong where clocks were: the commits themselves decide.
      await fetch({ ...changed, done: true }, some, signal);
      return true;
    },
    async trees(oids, keep, signal) {
      const wanted = new Set(oids);
      const those = sieve(keep, ({ oid }) => wanted.has(oid));
      await inParts(oids, (wants) => fetch({ wants, filter: 'tree:0', done: true }, those, signal));
    },
    whole: (oids, keep, signal) =>
      inParts(oids, (wants) => fetch({ wants, done: true }, keep, signal, PACK_LIMITS(maxBytes, WHOLE_OBJECTS))),
  };

  async function fetch(wanted: FetchWanted, keep: Keep, signal: AbortSignal, limits = PACK_LIMITS(maxBytes)) {
    const cap = wanted.have === undefined ? maxBytes : Math.min(HISTORY_BYTES, maxBytes);
    const answer = readFetch(await conversation.ask(fetchPack(wanted), cap, signal));
    // In a thin pack a delta of a tree that is none of this device's business has no base here, and is not missed.
    const orphans = wanted.thin === true ? 'skip' : 'refuse';
    if (answer.pack !== null) await readPack(answer.pack, limits, keep, signal, held, orphans);
    return answer;
  }
}

/** What was not asked for costs no disk: each object takes a block there, however small it is. */
function sieve(keep: Keep, takes: (object: RawObject) => boolean): Keep {
  return async (object) => {
    if (takes(object)) await keep(object);
  };
}

function isNoBlob({ type }: RawObject): boolean {
  return type !== 'blob';
}

function noBlobsBut(most: number): (object: RawObject) => boolean {
  let left = most;
  return (object) => isNoBlob(object) || left-- > 0;
}

async function inParts(oids: readonly string[], work: (part: readonly string[]) => Promise<unknown>): Promise<void> {
  for (const oid of oids)
    if (!/^[0-9a-f]{40}$/.test(oid))
      throw new HoldfastError('GitContentRefused', `${oid.slice(0, 64)} is not a SHA-1 object id.`);
  for (let at = 0; at < oids.length; at += MOST_WANTS) await work(oids.slice(at, at + MOST_WANTS));
}
