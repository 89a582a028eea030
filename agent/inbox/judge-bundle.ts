// What can be said of a bundle before the running agent takes it: by the same rules, from the bundle and copies of what is held.
// Refuses what the agent would refuse; what only the agent can tell is left to it, and said so. Changes nothing.
import { type ErrorCode, HoldfastError, messageOf } from '../../fleet/error.ts';
import { formatRevision } from '../../fleet/names.ts';
import type { BundleHead } from '../git/local/bundle-head.ts';
import { chooseRef, parseRef } from '../git/ref.ts';
import type { Source, Tip } from '../git/source.ts';
import { type DeclareParts, resolve } from '../loop/declare.ts';
import { admit } from '../trust/admit.ts';

export type JudgeGiven = Pick<
  DeclareParts,
  'config' | 'verifier' | 'judge' | 'secrets' | 'override' | 'held' | 'log'
> & {
  /** The bundle as a source. */
  readonly source: Source;
  readonly head: BundleHead;
  /** The commit in force here, behind which nothing goes; null: none is. */
  readonly floor: string | null;
};

export interface Judgement {
  readonly revision: string;
  /** null: nobody looked. */
  readonly signedBy: string | null;
  /** Why something is left for the agent to judge; null: nothing is. */
  readonly left: string | null;
}

/** What a bundle that builds on an earlier one fails with where that one is not held. */
const UNDECIDED: readonly ErrorCode[] = ['GitContentRefused', 'GitRefNotFound', 'GitUnreachable'];

/** Throws what the agent would refuse the bundle with. */
export async function judgeBundle(given: JudgeGiven, signal: AbortSignal): Promise<Judgement> {
  const { source, head, config } = given;
  const named = chooseRef(parseRef(config.source.ref), head.refs);
  if (named === null)
    throw new HoldfastError(
      'GitRefNotFound',
      `The bundle does not bring ${config.source.ref}. It brings ${listed(head)}. Name source.ref in "git bundle create".`,
    );
  const incremental = head.prerequisites.length > 0;
  let [tip, signedBy, left]: [Tip, string | null, string | null] = [named, null, null];
  try {
    tip = (await source.poll(signal)) ?? named;
    const admitted = await admitTip(given, tip, incremental, signal);
    ({ signedBy, left } = admitted);
    await resolve(given, tip.commit, formatRevision(tip.name, tip.commit), signal);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const undecided = incremental && UNDECIDED.includes(error.code);
    // The registry may be away from here now, and not when the agent takes it.
    if (!undecided && error.code !== 'ImagePullFailed') throw error;
    left = messageOf(error);
  }
  return { revision: formatRevision(tip.name, tip.commit), signedBy, left };
}

async function admitTip(given: JudgeGiven, tip: Tip, incremental: boolean, signal: AbortSignal) {
  const { source, config, verifier, floor, override } = given;
  const parts = { source, tip, floor, verifier, mode: config.verify?.mode ?? 'tip' } as const;
  try {
    return { signedBy: await admit({ ...parts, override }, signal), left: null };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'HistoryRewritten') throw error;
    if (!incremental)
      throw new HoldfastError(error.code, `${error.message} A bundle of an older revision looks the same.`);
    // The commits between the two are not all at hand. The signature is on the tip all the same.
    const signedBy = await admit({ ...parts, mode: 'tip', override: tip.commit }, signal);
    return { signedBy, left: 'The bundle alone does not show that it descends from what is in force here.' };
  }
}

const SHOWN_REFS = 5;

function listed({ refs }: BundleHead): string {
  const names = refs.map(({ name }) => name).slice(0, SHOWN_REFS);
  const more = refs.length - names.length;
  return names.length === 0 ? 'nothing' : names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
