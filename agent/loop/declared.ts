// What Git declares for this device. Follows the ref, and what is handed in on the host; keeps the last accepted state when Git is away or a commit is bad.
import { formatDiagnostic } from '../../fleet/diagnostic.ts';
import { type ErrorCode, HoldfastError, messageOf, reasonOf } from '../../fleet/error.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import { commitOf, formatRevision } from '../../fleet/names.ts';
import { formatFaults, policyFaults } from '../../fleet/policy.ts';
import { NOTHING_DECLARED } from '../../fleet/repo/app.ts';
import { resolveDevice } from '../../fleet/repo/resolve.ts';
import type { Failure } from '../../fleet/status.ts';
import { withoutSecrets } from '../../fleet/without-secrets.ts';
import type { Source, Tip } from '../git/source.ts';
import { admit } from '../trust/admit.ts';
import type { Parts } from './parts.ts';

/** The commit itself is at fault: asking again gives the same answer. */
const REFUSALS: readonly ErrorCode[] = [
  'BuildFailed',
  'PolicyDenied',
  'PruneGuard',
  'GitContentRefused',
  'VerificationError',
  'HistoryRewritten',
  'RollbackRejected',
];

/** Rounds of "load what this refers to": includes nest, but not without end. */
const MAX_LOAD_ROUNDS = 10;

export interface Declared {
  /** null: nothing was ever accepted. */
  desired(): Desired | null;
  /** The revision that the ref names; null: not known since the start. */
  gitRevision(): string | null;
  failures(): readonly Failure[];
  /** How long the Git server asked to be left alone when it was last asked; null: it did not. */
  retryAfterMs(): number | null;
  /** Takes what was handed in, then asks Git. Never throws: what went wrong is in `failures`. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Takes what was handed in, without asking Git what is new. Never throws. */
  takeIn(signal: AbortSignal): Promise<void>;
}

export type DeclaredParts = Pick<Parts, 'config' | 'source' | 'inbox' | 'verifier' | 'log'> & {
  readonly accepted: Desired | null;
  /** Revision that was last applied, for when none is known to have been accepted. */
  readonly applied: () => string | null;
  /** `signedBy` null: nobody looked. */
  readonly accept: (desired: Desired, signedBy: string | null) => void;
  /** Commits that have to stay held. */
  readonly kept: () => readonly string[];
};

export function createDeclared(parts: DeclaredParts): Declared {
  const { source, inbox, log } = parts;
  let desired = parts.accepted;
  let gitRevision: string | null = null;
  /** Of reaching Git: ends when Git answers. */
  let away: Failure | null = null;
  let retryAfterMs: number | null = null;
  /** Of one commit: ends with the next. */
  let refused: Failure | null = null;
  /** What Git named when it was last asked. */
  let known: Tip | null = null;
  let turn: Promise<void> = Promise.resolve();

  return {
    desired: () => desired,
    gitRevision: () => gitRevision,
    failures: () => [away, refused].filter((failure) => failure !== null),
    retryAfterMs: () => retryAfterMs,
    refresh: (signal) =>
      inTurn(signal, async () => {
        retryAfterMs = null;
        await takeBundle(signal);
        known = await source.poll(signal);
        if (known !== null) await follow(source, known, signal);
        away = null;
      }),
    takeIn: (signal) =>
      inTurn(signal, async () => {
        await takeBundle(signal);
        if (known !== null && (await inbox.accepted()) === known.commit) await follow(source, known, signal);
      }),
  };

  /** One after the other. What goes wrong is kept until Git is asked again. */
  function inTurn(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error: unknown) => {
      if (signal.aborted) return;
      away = awayFailure(error, desired !== null);
      if (error instanceof HoldfastError) retryAfterMs = error.retryAfterMs;
    });
    return turn;
  }

  /** What cannot be read as a bundle is told once and dropped: nobody will mend it in the inbox. A full disk is no fault of it. */
  async function takeBundle(signal: AbortSignal): Promise<void> {
    const path = await inbox.bundle();
    if (path === null) return;
    const bundle = source.bundle(path);
    try {
      const tip = await bundle.poll(signal);
      // Whatever was said of this commit before: other objects have come since.
      if (tip !== null) await follow(bundle, tip, signal, true);
    } catch (error) {
      if (signal.aborted || isOfDisk(error)) throw error;
      log('error', `the bundle that was handed in cannot be used and was dropped: ${messageOf(error)}`);
    } finally {
      bundle.close();
    }
    await inbox.remove(path);
  }

  async function follow(from: Source, tip: Tip, signal: AbortSignal, again = false): Promise<void> {
    const revision = formatRevision(tip.name, tip.commit);
    const override = await inbox.accepted();
    if (
      !again &&
      revision === gitRevision &&
      (refused === null ? desired?.revision === revision : !mayPass(refused, tip, override))
    )
      return;
    if (revision !== gitRevision) await retain(tip);
    try {
      const floor = commitOf(desired?.revision ?? parts.applied());
      const next = await declare({ ...parts, source: from, floor, override }, tip, revision, signal);
      // First what survives a power cut, then what cycles act on.
      parts.accept(next.desired, next.signedBy);
      desired = next.desired;
      refused = null;
      if (override === tip.commit) await inbox.clearAccepted();
      log('info', `${revision} is the declared state`, { signedBy: next.signedBy });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const said = refused?.message;
      refused = { key: `commit ${revision}`, reason: reasonOf(error), message: messageOf(error), stalled: true };
      if (refused.message !== said) log('error', `${revision} is refused: ${refused.message}`);
    }
    gitRevision = revision;
    if (refused === null) await retain(tip);
  }

  /** Drops what no longer matters; not what this commit has brought so far, so that a slow link gets on. Stops nothing. */
  async function retain(tip: Tip): Promise<void> {
    await source.retain([...parts.kept(), tip.commit]).catch((error: unknown) => {
      log('warn', `old Git objects cannot be removed: ${messageOf(error)}`);
    });
  }
}

function isOfDisk(error: unknown): boolean {
  return error instanceof HoldfastError && (error.code === 'DiskPressure' || error.code === 'StateUnavailable');
}

/** What was refused is looked at again where it is this host that may have changed: its keys, its clock, its owner's mind. */
function mayPass(refused: Failure, tip: Tip, override: string | null): boolean {
  return refused.reason === 'VerificationError' || override === tip.commit;
}

/** A ref that is gone is no order to remove what it declared. */
function awayFailure(error: unknown, something: boolean): Failure {
  const code = error instanceof HoldfastError ? error.code : null;
  if (code === 'GitRefNotFound' && something)
    return {
      key: 'git',
      reason: 'PruneGuard',
      message: `${messageOf(error)} Nothing is removed for it.`,
      stalled: false,
    };
  return { key: 'git', reason: reasonOf(error), message: messageOf(error), stalled: code === 'GitAuthentication' };
}

export type DeclareParts = Pick<Parts, 'config' | 'source' | 'verifier' | 'log'> & {
  /** The commit behind which nothing goes; null: there is none. */
  readonly floor: string | null;
  /** The commit that a person accepted on this host; null: none. */
  readonly override: string | null;
};

/** A tip as desired state: admitted, loaded, resolved. Throws what these throw. */
export async function declare(
  parts: DeclareParts,
  tip: Tip,
  revision: string,
  signal: AbortSignal,
): Promise<{ readonly desired: Desired; readonly signedBy: string | null }> {
  const { source, verifier, config, floor, override } = parts;
  const mode = config.verify?.mode ?? 'tip';
  const signedBy = await admit({ source, tip, floor, override, verifier, mode }, signal);
  return { desired: await resolve(parts, tip.commit, revision, signal), signedBy };
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

function isRefusal(error: unknown): boolean {
  return error instanceof HoldfastError && REFUSALS.includes(error.code);
}
