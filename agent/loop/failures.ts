// What went wrong between Git and the declared state, told apart: the commit's fault, this host's, or that nobody answers.

import { type ErrorCode, HoldfastError, messageOf, reasonOf } from '../../fleet/error.ts';
import type { Failure } from '../../fleet/status.ts';
import type { Tip } from '../git/source.ts';

export function isRefusal(error: unknown): boolean {
  return error instanceof HoldfastError && REFUSALS.includes(error.code);
}

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

/** No fault of what was handed in: a full disk, a registry that cannot be asked now. */
export function isOfHost(error: unknown): boolean {
  return error instanceof HoldfastError && OF_HOST.includes(error.code);
}

const OF_HOST: readonly ErrorCode[] = ['DiskPressure', 'StateUnavailable', 'ImagePullFailed'];

/** What was refused is looked at again where it is this host that may have changed: its keys, its clock, its owner's mind. */
export function mayPass(refused: Failure, tip: Tip, override: string | null): boolean {
  return refused.reason === 'VerificationError' || override === tip.commit;
}

/** A ref that is gone is no order to remove what it declared. */
export function awayFailure(error: unknown, something: boolean): Failure {
  const code = error instanceof HoldfastError ? error.code : null;
  if (code === 'GitRefNotFound' && something)
    return {
      key: 'git',
      reason: 'PruneGuard',
      message: `${messageOf(error)} Nothing is removed for it.`,
      stalled: false,
    };
  const key = code === 'ImagePullFailed' ? 'images' : 'git';
  return { key, reason: reasonOf(error), message: messageOf(error), stalled: code === 'GitAuthentication' };
}
