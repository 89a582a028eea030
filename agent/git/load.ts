// Loads the roots of a commit: walks what is held, fetches what that shows to be missing, and so on until nothing is.
// Requests follow the depth of the folders, bytes follow what changed in them.
import { HoldfastError } from '../../fleet/error.ts';
import type { SourceTree } from '../../fleet/model/source.ts';
import { findMissing, missingTop, SHARED_FOLDER } from './content/missing.ts';
import { walkCommit } from './content/walk.ts';
import { ObjectMissing, type ObjectStore } from './objects/object-store.ts';
import type { Keep, Upstream } from './upstream.ts';

/** Rounds of "what is missing?": folders nest, and damaged objects are fetched again. */
const MOST_ROUNDS = 200;

export interface LoadGiven {
  readonly objects: ObjectStore;
  readonly keep: Keep;
  readonly commit: string;
  readonly roots: readonly string[];
  /** Commits that are held already, as far as they go. */
  readonly bases: readonly string[];
  readonly maxBytes: number;
  /** The upstream while `work` runs. */
  readonly use: (work: (upstream: Upstream) => Promise<unknown>) => Promise<unknown>;
  /** For messages. */
  readonly where: string;
  readonly signal: AbortSignal;
}

/** Throws `GitContentRefused`, and what the upstream throws. What was loaded survives a power cut. */
export async function loadTree(given: LoadGiven): Promise<SourceTree> {
  const { objects, commit, where } = given;
  if (!/^[0-9a-f]{40}$/.test(commit))
    throw new HoldfastError('GitContentRefused', `${commit.slice(0, 64)} is not a SHA-1 commit id.`);
  let before = '';
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const found = await walkOrMissing(given);
    if (found.kind === 'tree') {
      await objects.settle();
      return found.tree;
    }
    const asked = [found.kind, ...found.trees, ...found.whole].join();
    if (asked === before) break;
    before = asked;
    await fetchMissing(given, found);
  }
  throw new HoldfastError('GitUnreachable', `${where}: it does not send what it was asked for. It is tried again.`);
}

type Found =
  | { readonly kind: 'tree'; readonly tree: SourceTree }
  | { readonly kind: 'commit' | 'missing'; readonly trees: ReadonlySet<string>; readonly whole: ReadonlySet<string> };

const NONE: ReadonlySet<string> = new Set();

async function walkOrMissing({ objects, commit, roots, bases, maxBytes, signal }: LoadGiven): Promise<Found> {
  try {
    if (!(await objects.has(commit))) return { kind: 'commit', trees: NONE, whole: NONE };
    const missing = await findMissing({ objects, commit, roots, bases, signal });
    if (missing.trees.size + missing.whole.size > 0) return { kind: 'missing', ...missing };
    return { kind: 'tree', tree: await walkCommit({ objects, commit, roots, maxBytes, signal }) };
  } catch (error) {
    // Damaged on disk, and removed for it: the next round finds it missing.
    if (error instanceof ObjectMissing) return { kind: 'commit', trees: NONE, whole: NONE };
    throw error;
  }
}

/** The trees first, since below them more may be missing: fewer requests in the end. */
async function fetchMissing(given: LoadGiven, { trees, whole }: Exclude<Found, { kind: 'tree' }>): Promise<void> {
  const { objects, keep, commit, bases, signal, use } = given;
  if (trees.size > 0) {
    // Looked up with the first fetch, before it is known which apps are used.
    const shared = bases.length > 0 ? null : await missingTop(objects, commit, SHARED_FOLDER);
    const wanted = new Set(shared === null ? trees : [...trees, shared]);
    await use((upstream) => upstream.trees([...wanted], keep, signal, commit));
  } else if (whole.size > 0) {
    await use((upstream) => upstream.whole([...whole], keep, signal, commit));
  } else if (!(await objects.has(commit))) {
    await use((upstream) => upstream.history({ commit, tag: null, since: null }, keep, signal));
  }
}
