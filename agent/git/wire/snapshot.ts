// The way for servers without protocol v2 or filters: isomorphic-git fetches the whole tree of a commit into a
// repository of its own, and what is wanted is read out of that. Costs what the fleet weighs; the caps are the same.
import fs from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { HoldfastError } from '../../../fleet/error.ts';
import { parentsOf, treeOf } from '../commit.ts';
import { MAX_DEPTH, parseTree } from '../content/tree.ts';
import { PACK_LIMITS, readPack, WHOLE_OBJECTS } from '../pack/read-pack.ts';
import { packPktLines, readPackAnswer } from '../pkt-line.ts';
import type { HistoryWanted, Keep, Upstream } from '../upstream.ts';
import { ServerRefusal } from './commands.ts';
import type { ServerOptions } from './server.ts';
import {
  createSnapshots,
  findUnpacked,
  libraryError,
  readUnpacked,
  type SnapshotWanted,
  type Unpacked,
} from './unpacked.ts';

/** How far back a history is asked for, in commits, until it reaches what is held. */
const DEPTHS = [1, 64, 4096] as const;
const REFS_BYTES = 16 * 1024 * 1024;

export function createSnapshot(options: Omit<ServerOptions, 'traits'>): Omit<Upstream, 'way'> {
  const { conversation, url, maxBytes, shown } = options;
  const snapshots = createSnapshots(options.folder, unpack);

  return {
    async refs(prefixes, signal) {
      const git = await import('isomorphic-git');
      const http = conversation.client({ maxBytes: REFS_BYTES, signal, check: async () => undefined });
      const all = await git.listServerRefs({ http, url, peelTags: true, protocolVersion: 1 });
      return all
        .filter(({ ref }) => prefixes.some((prefix) => ref.startsWith(prefix)))
        .map(({ ref, oid, peeled }) => ({ name: ref, oid, peeled: peeled ?? null }));
    },
    async history(wanted, keep, signal) {
      const { commit, tag, since } = wanted;
      for (const depth of since === null ? DEPTHS.slice(0, 1) : DEPTHS) {
        try {
          const given = { commit, want: tag ?? commit, depth, signal };
          if (await snapshots.use(given, (from) => keepHistory(from, shown, wanted, keep))) return true;
        } catch (error) {
          // Too large with its past: the commit itself was kept at the first depth, and its past is not shown.
          if (depth > DEPTHS[0] && isTooLarge(error)) return false;
          throw error;
        }
      }
      return false;
    },
    trees: (oids, keep, signal, commit) =>
      snapshots.use({ commit, want: commit, depth: 1, signal }, async (from) => {
        for (const oid of oids) await keep(await readUnpacked(from, shown, oid));
      }),
    whole: (oids, keep, signal, commit) =>
      snapshots.use({ commit, want: commit, depth: 1, signal }, (from) => keepWhole(from, shown, oids, keep, signal)),
    close: () => snapshots.close(),
  };

  async function unpack(gitdir: string, { want, depth, signal }: SnapshotWanted): Promise<void> {
    await mkdir(gitdir, { recursive: true, mode: 0o700 });
    const git = await import('isomorphic-git');
    const http = conversation.client({ maxBytes, signal, check: (answer) => checkAnswer(answer, maxBytes, signal) });
    await git.init({ fs, bare: true, gitdir, dir: gitdir });
    await git.addRemote({ fs, gitdir, remote: 'origin', url });
    const what = { ref: want, remoteRef: want, depth, singleBranch: true, tags: false };
    try {
      await git.fetch({ fs, http, gitdir, remote: 'origin', ...what });
    } catch (error) {
      throw signal.aborted ? signal.reason : libraryError(git, shown, want, error);
    }
  }
}

/** True when `since` was reached. */
async function keepHistory(
  from: Unpacked,
  shown: string,
  { commit, tag, since }: HistoryWanted,
  keep: Keep,
): Promise<boolean> {
  if (tag !== null) await keep(await readUnpacked(from, shown, tag));
  const seen = new Set([commit]);
  let reached = since === null;
  for (const oid of seen) {
    if (oid === since) {
      reached = true;
      continue;
    }
    // Others may lie beyond the depth that was asked for.
    const object = await (oid === commit ? readUnpacked : findUnpacked)(from, shown, oid);
    if (object === null) continue;
    await keep(object);
    if (oid === commit) await keep(await readUnpacked(from, shown, treeOf(object.bytes, oid)));
    for (const parent of since === null ? [] : parentsOf(object.bytes)) seen.add(parent);
  }
  return reached;
}

/**
 * Level by level, and each object once, however many paths lead to it. Folders beyond `MAX_DEPTH` stay where they are:
 * whoever walks to them refuses them, and can say at which path.
 */
async function keepWhole(
  from: Unpacked,
  shown: string,
  oids: readonly string[],
  keep: Keep,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Set(oids);
  let level: readonly string[] = [...seen];
  for (let depth = 0; level.length > 0 && depth <= MAX_DEPTH + 1; depth++) {
    const below: string[] = [];
    for (const oid of level) {
      signal.throwIfAborted();
      const object = await readUnpacked(from, shown, oid);
      await keep(object);
      for (const entry of object.type === 'tree' ? parseTree(object.bytes, '') : []) {
        if (entry.kind === 'submodule' || entry.kind === 'other' || seen.has(entry.oid)) continue;
        seen.add(entry.oid);
        below.push(entry.oid);
      }
      if (seen.size > WHOLE_OBJECTS)
        throw new HoldfastError(
          'GitContentRefused',
          `${shown}: what this device needs has more than ${WHOLE_OBJECTS} objects. Keep fewer files in its folders.`,
        );
    }
    level = below;
  }
}

/** The library unpacks whatever it is given: what is malformed or declares too much never reaches it. */
async function checkAnswer(answer: Buffer, maxBytes: number, signal: AbortSignal): Promise<void> {
  const { pack, error } = readPackAnswer(packPktLines(answer));
  if (error !== null) throw new ServerRefusal(error);
  if (pack.length > 0) await readPack(pack, PACK_LIMITS(maxBytes), async () => undefined, signal);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'GitContentRefused';
}
