// Whether a tip may become the declared state at all: never backwards, and signed where signatures are asked for.
// Decides by what the source shows; reads no content of the commit.
import { HoldfastError } from '../../fleet/error.ts';
import type { Lineage, Source, Tip } from '../git/source.ts';
import type { Signer, Verifier } from './verifier.ts';

export interface AdmitGiven {
  readonly source: Pick<Source, 'lineage'>;
  readonly tip: Tip;
  /** The commit in force here, behind which nothing goes; null: none is. */
  readonly floor: string | null;
  /** The commit that a person accepted on this host although it does not descend from the floor. */
  readonly override: string | null;
  /** null: unsigned commits are accepted. */
  readonly verifier: Verifier | null;
  readonly mode: 'tip' | 'every';
}

/** Who signed, for people; null: nobody looked. Throws `VerificationError`, `HistoryRewritten`, `RollbackRejected`. */
export async function admit(given: AdmitGiven, signal: AbortSignal): Promise<string | null> {
  const { source, tip, override, verifier, mode } = given;
  const every = verifier !== null && mode === 'every';
  // How an accepted commit stands to the floor is nobody's question, and a server may not be able to show it.
  const floor = override === tip.commit ? null : given.floor;
  const lineage = await source.lineage(tip, floor, every, signal);
  if (floor !== null) refuseBackwards(tip, floor, lineage);
  return verifier === null ? null : await verify(verifier, tip, lineage, every);
}

/** Throws `HistoryRewritten`, `RollbackRejected`. */
function refuseBackwards(tip: Tip, floor: string, { relation }: Lineage): void {
  if (relation !== 'behind' && relation !== 'apart') return;
  const [now, before] = [`${tip.name}@${tip.commit.slice(0, 8)}`, floor.slice(0, 8)];
  const remedy = `Put a commit on top of ${before} instead, or, if this is meant, run "holdfast-agent accept ${tip.commit}" on this host.`;
  throw relation === 'behind'
    ? new HoldfastError('RollbackRejected', `${now} is older than ${before}, which is in force here. ${remedy}`)
    : new HoldfastError(
        'HistoryRewritten',
        `${now} does not descend from ${before}, which is in force here: history was rewritten, or this is another repository. ${remedy}`,
      );
}

async function verify(verifier: Verifier, tip: Tip, lineage: Lineage, every: boolean): Promise<string> {
  const [newest] = lineage.commits;
  if (newest === undefined) throw new HoldfastError('VerificationError', `${tip.commit} cannot be seen.`);
  const byTag = lineage.tag === null ? null : await tagSigner(verifier, tip, lineage.tag);
  if (every) for (const { oid, raw } of lineage.commits.slice(1)) await verifier.commit(oid, raw);
  const signer = byTag !== null && !every ? byTag : await verifier.commit(newest.oid, newest.raw);
  return formatSigner(signer);
}

/** null: the tag vouches for nothing, so the commit has to speak for itself. A tag that is wrongly signed is refused. */
async function tagSigner(verifier: Verifier, tip: Tip, raw: Uint8Array): Promise<Signer | null> {
  const signed = /^-----BEGIN (?:SSH|PGP) SIGNATURE-----$/m.test(Buffer.from(raw).toString('latin1'));
  return signed ? await verifier.tag(raw, tip.name.replace(/^refs\/tags\//, ''), tip.commit) : null;
}

export function formatSigner({ name, key }: Signer): string {
  return `${name} (${key})`;
}
