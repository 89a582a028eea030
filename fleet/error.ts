// The closed set of failures. A code for the program, a sentence for people: what happened, why, what to do.
// Whether a failure is retried follows from its code, here and nowhere else.
import type { Reason } from './model/conditions.ts';

export type ErrorCode =
  | 'ConfigInvalid' // the agent's or hub's own configuration
  | 'GitUnreachable' // network, DNS, timeout, 5xx
  | 'GitAuthentication' // 401, 403
  | 'GitRefNotFound' // the ref or the repository does not exist
  | 'GitContentRefused' // symlink, submodule, caps, hostile names
  | 'VerificationError' // a signature is missing, wrong or from someone unknown
  | 'HistoryRewritten' // the new revision does not descend from the applied one
  | 'RollbackRejected' // the new revision is older than the applied one
  | 'BuildFailed' // desired state does not resolve
  | 'PolicyDenied'
  | 'DockerUnavailable' // no Engine answers, or a deadline passed
  | 'DockerRefused' // the Engine answered 4xx/5xx: this call will not work as it is
  | 'ImagePullFailed'
  | 'NameConflict'
  | 'DiskPressure'
  | 'StateUnavailable' // the state directory cannot be used
  | 'PruneGuard'
  | 'HealthCheckFailed';

export class HoldfastError extends Error {
  readonly code: ErrorCode;
  /** The other side asked not to be asked again for so long; null: it did not. */
  readonly retryAfterMs: number | null;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; retryAfterMs?: number | null }) {
    super(message, options);
    this.name = 'HoldfastError';
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }
}

/** The condition reason under which a failure is reported. */
export function reasonOf(error: unknown): Reason {
  if (!(error instanceof HoldfastError)) return 'ReconciliationFailed';
  switch (error.code) {
    case 'GitUnreachable':
    case 'GitRefNotFound':
    case 'GitContentRefused':
      return 'GitOperationFailed';
    case 'GitAuthentication':
      return 'AuthenticationFailed';
    case 'ConfigInvalid':
    case 'BuildFailed':
      return 'BuildFailed';
    case 'DockerRefused':
    case 'StateUnavailable':
      return 'ReconciliationFailed';
    case 'VerificationError':
    case 'HistoryRewritten':
    case 'RollbackRejected':
    case 'PolicyDenied':
    case 'DockerUnavailable':
    case 'ImagePullFailed':
    case 'NameConflict':
    case 'DiskPressure':
    case 'PruneGuard':
    case 'HealthCheckFailed':
      return error.code;
  }
}

/** Any thrown value as one line for people. `about`: the file that the sentence names already. */
export function messageOf(error: unknown, about?: string): string {
  if (!(error instanceof Error)) return String(error);
  const words = 'code' in error ? FILE_ERRORS[String(error.code)] : undefined;
  if (words === undefined || !('path' in error)) return error.message;
  return error.path === about ? words : `${String(error.path)}: ${words}`;
}

/** What the system says of a file or folder, in words. */
const FILE_ERRORS: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of this path is no folder',
  EISDIR: 'this is a folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
});
