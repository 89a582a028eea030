// One device of a repository on disk, resolved: loads what its folder refers to until nothing is missing. Secret files
// stay closed.
import type { Diagnostic } from '../../fleet/diagnostic.ts';
import type { SecretFile } from '../../fleet/model/secret-file.ts';
import { devicePath, FLEET_FILE } from '../../fleet/repo/layout.ts';
import { MAX_LOAD_ROUNDS, type Resolution, resolveDevice } from '../../fleet/repo/resolve.ts';
import { placeholderFile } from '../../fleet/sops/secret-file.ts';
import type { WorkTree } from './work-tree.ts';

/** No commit is meant: files are read as they are. */
const REVISION = 'worktree@sha1:0000000000000000000000000000000000000000';

export interface InRepository {
  readonly resolution: Exclude<Resolution, { kind: 'needs' }>;
  /** What Git or an agent would refuse, whatever the files say. */
  readonly faults: readonly Diagnostic[];
  /** Folders beyond its own that had to be loaded. */
  readonly shared: readonly string[];
  /** SOPS files that it refers to. */
  readonly secretFiles: readonly string[];
}

/** What stands in for a secret file that is not opened. */
export type SecretsAs = typeof placeholderFile;

/** `likely`: shared folders that are loaded at once, since devices like this one refer to them. */
export function resolveIn(
  workTree: WorkTree,
  device: string,
  likely: readonly string[] = [],
  secretsAs: SecretsAs = placeholderFile,
): InRepository {
  const path = devicePath(device);
  const { sharedApps } = workTree;
  let roots: readonly string[] = [path, FLEET_FILE, ...likely];
  let asked: readonly string[] = [];
  let shared: readonly string[] = [];
  const secrets = new Map<string, SecretFile>();
  for (let round = 0; round < MAX_LOAD_ROUNDS; round++) {
    const { tree, faults } = workTree.load(roots);
    const resolution = resolveDevice({ device, path, revision: REVISION, tree, sharedApps, secrets, salt: '' });
    const secretFiles = [...secrets.keys()];
    if (resolution.kind !== 'needs')
      return { resolution, faults, shared: shared.length > 0 ? shared : likely, secretFiles };
    asked = resolution.roots;
    shared = [...shared, ...asked];
    for (const name of resolution.secrets) secrets.set(name, secretsAs(name, tree.files.get(name)?.bytes));
    roots = [...new Set([...roots, ...asked])];
  }
  const message = `refers to ${asked.join(', ')}; references nest more than ${MAX_LOAD_ROUNDS} deep`;
  const fault = { severity: 'error', file: path, line: 0, column: 0, code: 'too-deep', message } as const;
  return { resolution: { kind: 'invalid', diagnostics: [fault], groups: null }, faults: [], shared, secretFiles: [] };
}

export function diagnosticsOf({ resolution, faults }: InRepository): Diagnostic[] {
  // What is refused as a file is not missing as well.
  const refused = new Set(faults.map(({ file }) => file));
  const said = resolution.kind === 'invalid' ? resolution.diagnostics : resolution.warnings;
  return [...faults, ...said.filter(({ file, line }) => line > 0 || !refused.has(file))];
}
