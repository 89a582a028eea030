// Would the agent take what the ref names now? By who signed it, and by how it stands to what is in force here. Looks through a
// history and a Verifier that are given; fetches no content.
import { HoldfastError } from '../../fleet/error.ts';
import type { Lineage, Tip } from '../git/source.ts';
import { admit } from '../trust/admit.ts';
import type { Verifier } from '../trust/verifier.ts';
import type { Finding } from './check.ts';
import { combine, type Part } from './run-checks.ts';

export interface TrustGiven {
  /** null: unsigned commits are accepted. */
  readonly verifier: Verifier | null;
  readonly mode: 'tip' | 'every';
  readonly tip: () => Promise<Tip | null>;
  readonly lineage: () => Promise<Lineage | null>;
  /** The commit in force here, behind which nothing goes; null: none is. */
  readonly floor: () => string | null;
  /** The commit that a person accepted on this host; null: none. */
  readonly override: () => Promise<string | null>;
}

export async function checkTrust(given: TrustGiven, signal: AbortSignal): Promise<Finding> {
  const unsigned = given.verifier === null ? [UNSIGNED] : [];
  try {
    const tip = await given.tip();
    const lineage = await given.lineage();
    if (tip === null || lineage === null)
      return combine('trust', given.verifier === null ? unsigned : [ok('what is handed in has to be signed')]);
    const signed = await signature(given, tip, lineage, signal);
    return combine('trust', [...unsigned, ...signed, ...(await history(given, tip, lineage))]);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return combine('trust', [...unsigned, unjudged(error)]);
  }
}

function unjudged(error: HoldfastError): Part {
  if (error.code === 'VerificationError') return refused(error);
  if (error.code !== 'StateUnavailable' && error.code !== 'DiskPressure') return UNSEEN;
  const remedy = 'Run the check as the user that the agent runs as (mostly root), and see what is said about the disk.';
  return { verdict: 'failed', message: error.message, remedy };
}

const UNSEEN: Part = {
  verdict: 'warning',
  message: 'there is no commit to be judged, since the source cannot be read',
  remedy: 'See to the source first.',
};

const UNSIGNED: Part = {
  verdict: 'warning',
  message:
    'unsigned commits are accepted; whoever can push or impersonate the server decides what this host runs as root',
  remedy:
    'Sign commits (git config commit.gpgsign true), and name who may in verify.allowed_signers or verify.openpgp_keyring.',
};

function ok(message: string): Part {
  return { verdict: 'ok', message, remedy: null };
}

async function signature(
  { verifier, mode, floor }: TrustGiven,
  tip: Tip,
  lineage: Lineage,
  signal: AbortSignal,
): Promise<readonly Part[]> {
  if (verifier === null) return [];
  try {
    const source = { lineage: async () => lineage };
    // History is judged apart from the signature: both are told.
    const signer = await admit({ source, tip, floor: floor(), override: tip.commit, verifier, mode }, signal);
    return [ok(`${tip.name} at ${tip.commit.slice(0, 8)} is signed by ${signer}`)];
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'VerificationError') throw error;
    return [refused(error)];
  }
}

function refused({ message }: HoldfastError): Part {
  const remedy =
    'If the signer is to be trusted, add the key to the file that verify names; otherwise find out who pushed this. Until then the last accepted state stays in force.';
  return { verdict: 'failed', message, remedy };
}

async function history(given: TrustGiven, tip: Tip, { relation }: Lineage): Promise<readonly Part[]> {
  const floor = given.floor();
  if (floor === null || (relation !== 'behind' && relation !== 'apart')) return [];
  const [now, before] = [`${tip.name} at ${tip.commit.slice(0, 8)}`, floor.slice(0, 8)];
  if ((await given.override()) === tip.commit) return [ok(`${now} was accepted on this host in place of ${before}`)];
  const what =
    relation === 'behind'
      ? `RollbackRejected: ${now} is older than ${before}, which is in force here`
      : `HistoryRewritten: ${now} does not descend from ${before}, which is in force here: history was rewritten, or this is another repository`;
  const remedy = `Put a commit on top of ${before}, or, if this is meant, run "holdfast-agent accept ${tip.commit}" on this host.`;
  return [{ verdict: 'failed', message: what, remedy }];
}
