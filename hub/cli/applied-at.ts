// What a device last applied, out of the history of the repository that declares it.
import { formatDiagnostic } from '../../fleet/diagnostic.ts';
import { messageOf } from '../../fleet/error.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import { commitOf, shortRevision } from '../../fleet/names.ts';
import { type Commit, gitDirOf, openCommit } from '../git/repository.ts';
import { resolveAt } from '../repository/commit-tree.ts';
import { diagnosticsOf, type SecretsAs } from '../repository/resolve-in.ts';
import { CliError } from './io.ts';
import { safe } from './text.ts';

/** @throws CliError when the history does not have it, or it does not resolve */
export async function appliedAt(
  folder: string,
  device: string,
  revision: string,
  secretsAs: SecretsAs,
): Promise<Desired> {
  const { resolution, ...found } = await resolveAt(await committed(folder, device, revision), device, secretsAs);
  if (resolution.kind === 'resolved') return { ...resolution.desired, revision };
  const said = diagnosticsOf({ resolution, ...found })
    .map(formatDiagnostic)
    .join('\n\n');
  throw new CliError(`${safe(device)} runs ${shown(revision)}, which does not resolve here:\n${said}`, 1);
}

async function committed(folder: string, device: string, revision: string): Promise<Commit> {
  const commit = commitOf(revision);
  if (commit === null) throw new CliError(`the status names no commit: "${safe(revision)}"`);
  const gitdir = gitDirOf(folder);
  if (gitdir === null)
    throw new CliError(
      `${folder} is not the top of a Git repository: what ${safe(device)} runs, ${shown(revision)}, can only be read from its history`,
    );
  let found: Commit | null;
  try {
    found = await openCommit(gitdir, commit);
  } catch (error) {
    throw new CliError(`cannot read ${shown(revision)} from ${gitdir}: ${messageOf(error)}`);
  }
  if (found !== null) return found;
  throw new CliError(
    `${folder} does not have ${shown(revision)}, which ${safe(device)} runs; get it with "git fetch origin ${commit}"`,
  );
}

function shown(revision: string): string {
  return safe(shortRevision(revision));
}
