// Git over smart HTTP as the loop's Source: one ls-refs to poll, one shallow fetch for a new commit, and walks over
// what is held. Owns `<state>/git`, writes nothing anywhere else and never checks out.
import { join } from 'node:path';
import { HoldfastError } from '../../fleet/error.ts';
import type { SourceTree } from '../../fleet/model/source.ts';
import { redactUrl } from '../host/network-error.ts';
import { createBlobs } from './blobs.ts';
import { withDeadline } from './deadline.ts';
import { createHeld } from './held.ts';
import { ObjectDamaged, ObjectMissing, openObjects } from './objects.ts';
import { createRemote, gitError, type RemoteOptions, type RemoteRef } from './remote.ts';
import type { Source } from './source.ts';
import { parseRef } from './source-url.ts';
import { walkCommit } from './walk.ts';

/** `maxBytes` bounds a transfer and the loaded files together. */
export interface SourceOptions extends RemoteOptions {
  /** Branch, tag, or full commit id. */
  readonly ref: string;
  /** For one whole operation, however many requests it takes. */
  readonly timeoutMs: number;
  readonly stateDir: string;
  /** Commits that stay held besides the newest two: the last known good above all. */
  readonly keep?: () => readonly string[];
}

/** Throws `ConfigInvalid` at once when the URL or the ref cannot be used. */
export function createSource(options: SourceOptions): Source {
  const { ref, commit: pinned } = parseRef(options.ref);
  const remote = createRemote(options);
  const held = createHeld(join(options.stateDir, 'git'));
  const blobs = createBlobs(held);
  const where = `${redactUrl(options.url)}, ref ${ref}`;
  let polled: RemoteRef | null = null;

  return {
    poll: (signal) => bounded(signal, `Reading ${where}`, poll),
    load: (commit, roots, signal) =>
      bounded(signal, `Loading commit ${commit.slice(0, 12)} of ${where}`, (inner) => load(commit, roots, inner)),
    readBlob: (oid, signal) => bounded(signal, `Reading blob ${oid}`, (inner) => blobs.read(oid, inner)),
  };

  function bounded<T>(signal: AbortSignal, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline({ signal, timeoutMs: options.timeoutMs, what }, work);
  }

  async function poll(signal: AbortSignal): Promise<string> {
    if (pinned !== null) return pinned;
    const found = await remote.find(ref, signal);
    if (found === null)
      throw new HoldfastError('GitRefNotFound', `${where}: there is no such branch or tag. Check source.ref.`);
    polled = found;
    return found.commit;
  }

  async function load(commit: string, roots: readonly string[], signal: AbortSignal): Promise<SourceTree> {
    if (!/^[0-9a-f]{40}$/.test(commit))
      throw new HoldfastError('GitContentRefused', `${commit.slice(0, 64)} is not a SHA-1 commit id.`);
    const failed = (error: unknown): never => {
      throw signal.aborted ? signal.reason : gitError(where, error);
    };
    if ((await held.list()).includes(commit)) {
      const tree = await walk(commit, roots, signal).catch((error) => (isDamage(error) ? null : failed(error)));
      if (tree !== null) return tree;
      // Damaged on disk since it was fetched: fetched anew, once.
      await held.drop(commit);
    }
    await admit(commit, signal).catch(failed);
    return await walk(commit, roots, signal).catch(failed);
  }

  async function walk(commit: string, roots: readonly string[], signal: AbortSignal): Promise<SourceTree> {
    const objects = openObjects(held.gitdir(commit));
    const tree = await walkCommit({ objects, commit, roots, maxBytes: options.maxBytes, signal });
    await held.use(commit, options.keep?.() ?? []);
    return tree;
  }

  async function admit(commit: string, signal: AbortSignal): Promise<void> {
    const wanted = polled?.commit === commit ? polled : { commit, want: commit };
    blobs.forget();
    await held.admit(commit, (gitdir) => remote.fetchInto(gitdir, wanted, signal));
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof ObjectDamaged || error instanceof ObjectMissing;
}
