// Git as the loop's Source: what is wanted is found out by walking what is held, and only what is missing is fetched.
// Owns `<state>/git`, writes nothing anywhere else and never checks out.
import { join } from 'node:path';
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { SourceTree } from '../../fleet/model/source.ts';
import { withDeadline } from './deadline.ts';
import { showLineage } from './lineage.ts';
import { loadTree } from './load.ts';
import { createObjectStore, ObjectMissing, type ObjectStore } from './objects/object-store.ts';
import { reachable } from './objects/reachable.ts';
import { chooseRef, parseRef, prefixesOf } from './ref.ts';
import type { Source, Tip } from './source.ts';
import { parseSourceUrl, type SourceUrl } from './source-url.ts';
import { createLink, type Link } from './transport/link.ts';
import type { HistoryWanted, RawObject } from './upstream.ts';

/** A file takes a block, however small it is. */
const LEAST_ON_DISK = 4096;
/** For trees and history. */
const SPARE_BYTES = 64 * 1024 * 1024;

export interface SourceOptions {
  readonly url: string;
  /** Branch, tag, full commit id, `semver:<range>`. */
  readonly ref: string;
  readonly auth?: AgentConfig['source']['auth'];
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly allowHttp: boolean;
  /** For one whole operation, however many requests it takes. */
  readonly timeoutMs: number;
  /** Bounds a transfer, what it unpacks to, and the loaded files together. */
  readonly maxBytes: number;
  readonly stateDir: string;
  /** Proxies come from here. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Commits whose folders are held still: of what they share with a new commit nothing is fetched again. */
  readonly held?: () => readonly string[];
}

/** Throws `ConfigInvalid` at once when the URL or the ref cannot be used. */
export function createSource(options: SourceOptions): Source {
  const folder = join(options.stateDir, 'git');
  const objects = createObjectStore(folder, options.maxBytes);
  const from = (url: SourceUrl): Source =>
    createLinked(options, objects, createLink({ ...options, url, folder, objects }), (path) =>
      from({ kind: 'file', path, shown: 'the bundle that was handed in' }),
    );
  return from(parseSourceUrl(options.url, options.allowHttp));
}

function createLinked(
  options: SourceOptions,
  objects: ObjectStore,
  link: Link,
  bundle: (path: string) => Source,
): Source {
  const ref = parseRef(options.ref);
  const where = `${link.shown}, ref ${options.ref}`;
  let loaded: string | null = null;
  let spentBytes = 0;

  return {
    bundle,
    way: link.way,
    close: link.close,
    poll: (signal) => bounded(signal, `Reading ${where}`, poll),
    lineage: (tip, since, every, signal) =>
      bounded(signal, `Reading the history of ${where}`, (inner) =>
        showLineage({ tip, since, every, objects, fetch: (wanted) => history(wanted, inner) }),
      ),
    load: (commit, roots, signal) =>
      bounded(signal, `Loading commit ${commit.slice(0, 12)} of ${where}`, (inner) => load(commit, roots, inner)),
    readBlob: (oid, signal) => bounded(signal, `Reading blob ${oid}`, (inner) => readBlob(oid, inner)),
    retain: async (commits) => objects.collect(await reachable(objects, commits)),
  };

  function bounded<T>(signal: AbortSignal, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline({ signal, timeoutMs: options.timeoutMs, what }, async (inner) => {
      await objects.tidy();
      try {
        return await work(inner);
      } catch (error) {
        if (!(error instanceof ObjectMissing)) throw error;
        throw new HoldfastError('GitUnreachable', `${where} does not give what it was asked for: ${error.message}.`, {
          cause: error,
        });
      }
    });
  }

  /** What one look at Git may bring, however many answers it takes. */
  async function keep(object: RawObject): Promise<void> {
    spentBytes += Math.max(LEAST_ON_DISK, object.bytes.length);
    if (spentBytes > 2 * options.maxBytes + SPARE_BYTES)
      throw new HoldfastError(
        'GitContentRefused',
        `${where} sends more than a device may hold: over ${spentBytes} bytes on disk. Make the repository smaller, or raise limits.source_bytes.`,
      );
    await objects.keep(object);
  }

  async function poll(signal: AbortSignal): Promise<Tip | null> {
    spentBytes = 0;
    if (!link.asks) return null;
    if (ref.kind === 'commit') return { commit: ref.commit, name: options.ref, tag: null };
    const refs = await link.use(signal, (upstream) => upstream.refs(prefixesOf(ref), signal));
    const tip = chooseRef(ref, refs);
    if (tip !== null) return tip;
    const lacking = ref.kind === 'semver' ? 'no tag fits the range' : 'there is no such branch or tag';
    throw new HoldfastError('GitRefNotFound', `${where}: ${lacking}. Check source.ref.`);
  }

  async function history(wanted: HistoryWanted, signal: AbortSignal): Promise<boolean> {
    return await link.use(signal, (upstream) => upstream.history(wanted, keep, signal));
  }

  async function load(commit: string, roots: readonly string[], signal: AbortSignal): Promise<SourceTree> {
    const bases = (options.held?.() ?? []).filter((each) => each !== commit);
    const tree = await loadTree({
      ...{ objects, keep, commit, roots, bases, where, signal },
      maxBytes: options.maxBytes,
      use: (work) => link.use(signal, work),
    });
    loaded = commit;
    return tree;
  }

  async function readBlob(oid: string, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await objects.read(oid, 'blob');
    } catch (error) {
      if (!(error instanceof ObjectMissing)) throw error;
    }
    try {
      await link.use(signal, (upstream) => upstream.whole([oid], keep, signal, loaded ?? options.held?.()[0] ?? ''));
      return await objects.read(oid, 'blob');
    } catch (error) {
      if (!(error instanceof ObjectMissing) && !(error instanceof HoldfastError && error.code === 'GitRefNotFound'))
        throw error;
      throw new HoldfastError('GitUnreachable', `${where}: blob ${oid} cannot be had.`, { cause: error });
    }
  }
}
