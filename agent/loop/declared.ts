// What Git declares for this device. Follows the ref; keeps the last accepted state when Git is away or a commit is bad.
import { formatDiagnostic } from '../../fleet/diagnostic.ts';
import { HoldfastError, messageOf, reasonOf } from '../../fleet/error.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import { formatRevision } from '../../fleet/names.ts';
import { formatFaults, policyFaults } from '../../fleet/policy.ts';
import { NOTHING_DECLARED } from '../../fleet/repo/app.ts';
import { resolveDevice } from '../../fleet/repo/resolve.ts';
import type { Failure } from '../../fleet/status.ts';
import { withoutSecrets } from '../../fleet/without-secrets.ts';
import type { Parts } from './parts.ts';

/** Rounds of "load what this refers to": includes nest, but not without end. */
const MAX_LOAD_ROUNDS = 10;

export interface Declared {
  /** null: nothing was ever accepted. */
  desired(): Desired | null;
  /** The revision that the ref names; null: not known since the start. */
  gitRevision(): string | null;
  failures(): readonly Failure[];
  /** Asks Git. Never throws: what went wrong is in `failures`. */
  refresh(signal: AbortSignal): Promise<void>;
}

export type DeclaredParts = Pick<Parts, 'config' | 'source' | 'log'> & {
  readonly accepted: Desired | null;
  readonly accept: (desired: Desired) => void;
};

export function createDeclared(parts: DeclaredParts): Declared {
  const { config, source, log } = parts;
  let desired = parts.accepted;
  let gitRevision: string | null = null;
  /** Of reaching Git: ends when Git answers. */
  let away: Failure | null = null;
  /** Of one commit: ends with the next. */
  let refused: Failure | null = null;

  return {
    desired: () => desired,
    gitRevision: () => gitRevision,
    failures: () => [away, refused].filter((failure) => failure !== null),
    async refresh(signal) {
      try {
        const commit = await source.poll(signal);
        const revision = formatRevision(config.source.ref, commit);
        if (revision === gitRevision && away === null) return;
        await follow(commit, revision, signal);
        away = null;
      } catch (error) {
        if (signal.aborted) return;
        const stalled = error instanceof HoldfastError && error.code === 'GitAuthentication';
        away = { key: 'git', reason: reasonOf(error), message: messageOf(error), stalled };
      }
    },
  };

  async function follow(commit: string, revision: string, signal: AbortSignal): Promise<void> {
    if (revision === gitRevision && (refused !== null || desired?.revision === revision)) return;
    try {
      desired = await resolve(parts, commit, revision, signal);
      refused = null;
      parts.accept(desired);
      log('info', `${revision} is the declared state`);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused = { key: `commit ${revision}`, reason: reasonOf(error), message: messageOf(error), stalled: true };
      log('error', `${revision} is refused: ${messageOf(error)}`);
    }
    gitRevision = revision;
  }
}

/** One commit as desired state. Throws `BuildFailed`, `PolicyDenied` and whatever the source throws. */
export async function resolve(
  { config, source, log }: Pick<Parts, 'config' | 'source' | 'log'>,
  commit: string,
  revision: string,
  signal: AbortSignal,
): Promise<Desired> {
  const { device } = config;
  const path = config.source.path ?? `devices/${device}`;
  let roots: string[] = [path, 'fleet.yaml'];
  for (let round = 0; round < MAX_LOAD_ROUNDS; round++) {
    const tree = await source.load(commit, roots, signal);
    const resolution = resolveDevice({ device, path, revision, tree });
    switch (resolution.kind) {
      case 'needs':
        roots = [...new Set([...roots, ...resolution.roots])];
        continue;
      case 'invalid': {
        const { diagnostics } = resolution;
        const gone = diagnostics.some(({ code }) => code === NOTHING_DECLARED);
        const text = diagnostics.map(withoutSecrets).map(formatDiagnostic).join('\n');
        throw new HoldfastError(gone ? 'PruneGuard' : 'BuildFailed', text);
      }
      case 'resolved': {
        for (const warning of resolution.warnings) log('warn', formatDiagnostic(withoutSecrets(warning)));
        const faults = policyFaults(resolution.origins, config.policy, config.docker.socket);
        if (faults.length > 0) throw new HoldfastError('PolicyDenied', formatFaults(faults));
        return resolution.desired;
      }
    }
  }
  throw new HoldfastError('BuildFailed', `${path}: references nest more than ${MAX_LOAD_ROUNDS} deep`);
}

/** The commit itself is at fault: asking again gives the same answer. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof HoldfastError &&
    ['BuildFailed', 'PolicyDenied', 'PruneGuard', 'GitContentRefused'].includes(error.code)
  );
}
