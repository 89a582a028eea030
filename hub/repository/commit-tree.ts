// A device of a fleet repository as one of its commits declares it. Resolving is synchronous and reading a commit is not:
// what turns out to be lacking is read, and resolving begins again.
import { SHARED_APPS } from '../../fleet/repo/apps.ts';
import { MAX_LOAD_ROUNDS } from '../../fleet/repo/resolve.ts';
import type { Commit, CommittedRoot } from '../git/repository.ts';
import { type InRepository, resolveIn, type SecretsAs } from './resolve-in.ts';
import type { WorkTree } from './work-tree.ts';

export async function resolveAt(commit: Commit, device: string, secretsAs: SecretsAs): Promise<InRepository> {
  const read = new Map<string, CommittedRoot>();
  const sharedApps = await commit.folders(SHARED_APPS);
  for (let round = 0; ; round++) {
    const lacking = new Set<string>();
    const tree: WorkTree = {
      sharedApps,
      load(roots) {
        for (const root of roots) if (!read.has(root)) lacking.add(root);
        const held = roots.flatMap((root) => read.get(root) ?? []);
        return {
          tree: {
            roots,
            files: new Map(held.flatMap(({ files }) => files.map((file) => [file.path, file] as const))),
            trees: new Map(held.flatMap(({ trees }) => [...trees])),
          },
          faults: [],
        };
      },
    };
    const found = resolveIn(tree, device, [], secretsAs);
    if (lacking.size === 0 || round > MAX_LOAD_ROUNDS) return found;
    for (const root of lacking) read.set(root, await commit.read(root));
  }
}
