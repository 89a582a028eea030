// One commit as desired state: admitted, loaded with all that it refers to, resolved, allowed by the policy.

import { formatDiagnostic } from '../../fleet/diagnostic.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { Hide } from '../../fleet/mask.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { SecretFile } from '../../fleet/model/secret-file.ts';
import type { SourceFile, SourceTree } from '../../fleet/model/source.ts';
import { type Pins, pinImages, pinsOf } from '../../fleet/policy/pin.ts';
import { NOTHING_DECLARED } from '../../fleet/repo/apps.ts';
import { devicePath, FLEET_FILE } from '../../fleet/repo/layout.ts';
import { MAX_LOAD_ROUNDS, resolveDevice } from '../../fleet/repo/resolve.ts';
import { withoutSecrets } from '../../fleet/without-secrets.ts';
import type { Tip } from '../git/source.ts';
import { admit } from '../trust/admit.ts';
import type { Parts } from './parts.ts';

/** A tip as desired state: admitted, loaded, resolved. Throws what these throw. */
export async function declare(parts: DeclareParts, tip: Tip, revision: string, signal: AbortSignal): Promise<Admitted> {
  const { source, verifier, config, floor, override } = parts;
  const mode = config.verify?.mode ?? 'tip';
  const signedBy = await admit({ source, tip, floor, override, verifier, mode }, signal);
  return { ...(await resolve(parts, tip.commit, revision, signal)), signedBy };
}

export type DeclareParts = ResolveParts &
  Pick<Parts, 'verifier'> & {
    /** The commit behind which nothing goes; null: there is none. */
    readonly floor: string | null;
    /** The commit that a person accepted on this host; null: none. */
    readonly override: string | null;
  };

export interface Admitted extends Resolved {
  /** null: nobody looked. */
  readonly signedBy: string | null;
}

/** One commit as desired state. Throws `BuildFailed` and whatever the source and the policy throw. */
export async function resolve(
  { config, source, judge, secrets, asked, held, log }: ResolveParts,
  commit: string,
  revision: string,
  signal: AbortSignal,
): Promise<Resolved> {
  const { device } = config;
  const path = config.source.path ?? devicePath(device);
  let roots: string[] = [path, FLEET_FILE];
  const opened = new Map<string, SecretFile>();
  for (let round = 0; round < MAX_LOAD_ROUNDS; round++) {
    const tree = await source.load(commit, roots, signal);
    const resolution = resolveDevice({ device, path, revision, tree, secrets: opened, salt: secrets.salt });
    switch (resolution.kind) {
      case 'needs':
        roots = [...new Set([...roots, ...resolution.roots])];
        for (const [name, file] of await secrets.open(filesOf(tree, resolution.secrets), signal))
          opened.set(name, file);
        continue;
      case 'invalid': {
        const { diagnostics } = resolution;
        const gone = diagnostics.some(({ code }) => code === NOTHING_DECLARED);
        const text = secrets.hide(diagnostics.map(withoutSecrets).map(formatDiagnostic).join('\n'));
        throw new HoldfastError(gone ? 'PruneGuard' : 'BuildFailed', text);
      }
      case 'resolved': {
        secrets.learn(resolution.desired.secretValues);
        for (const warning of resolution.warnings) log('warn', formatDiagnostic(withoutSecrets(warning)));
        asked?.(revision, resolution.asks);
        // Of one revision a tag is resolved once, however often it is read.
        const known: Pins = held?.revision === revision ? pinsOf(held) : new Map();
        const pins = await judge.admit(resolution.asks, known, signal).catch((error: unknown) => {
          throw hiding(error, secrets.hide);
        });
        return { desired: pinImages(resolution.desired, pins), asks: resolution.asks };
      }
    }
  }
  throw new HoldfastError('BuildFailed', `${path}: references nest more than ${MAX_LOAD_ROUNDS} deep`);
}

export type ResolveParts = Pick<Parts, 'config' | 'source' | 'judge' | 'secrets' | 'log'> & {
  /** Told what a revision asks, before that is judged. */
  readonly asked?: (revision: string, asks: readonly Ask[]) => void;
  /** What is in force; null: nothing is. */
  readonly held: Desired | null;
};

export interface Resolved {
  readonly desired: Desired;
  /** What it asks of the host. */
  readonly asks: readonly Ask[];
}

/** Paths and images may be written with secrets. */
function hiding(error: unknown, hide: Hide): unknown {
  if (!(error instanceof HoldfastError)) return error;
  return new HoldfastError(error.code, hide(error.message), { retryAfterMs: error.retryAfterMs });
}

function filesOf(tree: SourceTree, paths: readonly string[]): SourceFile[] {
  return paths.flatMap((path) => tree.files.get(path) ?? []);
}
