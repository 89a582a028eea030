// The status vocabulary: conditions after kstatus (Reconciling and Stalled are present only when True),
// sync and health after Argo CD, reasons after Flux.

export const REASONS = [
  'Succeeded',
  'Progressing',
  'ProgressingWithRetry',
  'Suspended',
  'DependencyNotReady',
  'BuildFailed',
  'HealthCheckFailed',
  'PruneFailed',
  'ReconciliationFailed',
  'GitOperationFailed',
  'AuthenticationFailed',
  'VerificationError',
  'PolicyDenied',
  'DockerUnavailable',
  'ImagePullFailed',
  'DiskPressure',
  'RolledBack',
  'RollbackRejected',
  'HistoryRewritten',
  'PruneGuard',
  'NameConflict',
  'DriftDetected',
] as const;
export type Reason = (typeof REASONS)[number];

export const SYNC = ['Synced', 'OutOfSync', 'Unknown'] as const;
export type Sync = (typeof SYNC)[number];

export const HEALTH = ['Healthy', 'Progressing', 'Degraded', 'Suspended', 'Missing', 'Unknown'] as const;
export type Health = (typeof HEALTH)[number];

export const PRESENCE = ['online', 'offline', 'stale'] as const;
export type Presence = (typeof PRESENCE)[number];

/** `since` (ISO 8601, UTC) moves only when `status` does. */
export interface Condition {
  readonly type: 'Ready' | 'Reconciling' | 'Stalled';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
  readonly since: string;
}

/** Worst first, so that an aggregate is the first that occurs. */
export const HEALTH_WORST_FIRST: readonly Health[] = [
  'Degraded',
  'Missing',
  'Unknown',
  'Progressing',
  'Suspended',
  'Healthy',
];

/** The worst of several healths; `Healthy` when there are none. */
export function worstHealth(all: Iterable<Health>): Health {
  const present = new Set(all);
  return HEALTH_WORST_FIRST.find((health) => present.has(health)) ?? 'Healthy';
}
