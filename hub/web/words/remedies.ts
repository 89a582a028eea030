// A condition in plain words, and what a person can do about it. One entry per reason, complete by construction.
// Pure text; decides nothing about the device.
import type { Condition, Reason } from '../../../fleet/model/conditions.ts';

export interface Explanation {
  readonly tone: 'good' | 'busy' | 'warn' | 'bad';
  readonly says: string;
  /** null: nothing to do. */
  readonly remedy: string | null;
}

type Advice = Omit<Explanation, 'tone'>;

/** What the condition means. A condition is good when Ready is True, busy while Reconciling, else it needs a look. */
export function explain(condition: Pick<Condition, 'type' | 'status' | 'reason'>): Explanation {
  const advice = adviceFor(condition.reason);
  return { tone: toneOf(condition), says: advice.says, remedy: advice.remedy };
}

/** Advice for a reason that came as text; an unknown one (a newer agent) says so. */
export function adviceFor(reason: string): Advice {
  return Object.hasOwn(ADVICE, reason)
    ? ADVICE[reason as Reason]
    : { says: `The agent reports ${reason}.`, remedy: 'This dashboard does not know the reason: read the message.' };
}

function toneOf({ type, status, reason }: Pick<Condition, 'type' | 'status' | 'reason'>): Explanation['tone'] {
  if (type === 'Reconciling') return reason === 'ProgressingWithRetry' ? 'warn' : 'busy';
  if (type === 'Stalled') return 'bad';
  if (status === 'True') return 'good';
  return WAITING.has(reason) ? 'warn' : 'bad';
}

const WAITING: ReadonlySet<Reason> = new Set<Reason>([
  'Progressing',
  'ProgressingWithRetry',
  'Suspended',
  'DependencyNotReady',
  'DriftDetected',
]);

const ADVICE: Readonly<Record<Reason, Advice>> = {
  Succeeded: { says: 'The device runs what Git declares.', remedy: null },
  Progressing: { says: 'The agent is bringing the device to what Git declares.', remedy: null },
  ProgressingWithRetry: {
    says: 'The last attempt failed. The agent tries again by itself.',
    remedy: 'If it does not pass within a few minutes, the message and the events below say what is in the way.',
  },
  Suspended: {
    says: 'Changes wait on purpose: for a maintenance window, or because of “suspend: true”.',
    remedy: 'Wait for the window that the message names, or take “suspend: true” or the windows out of Git.',
  },
  DependencyNotReady: {
    says: 'An app waits for another one that is not ready.',
    remedy: 'Look at the app that it waits for. This one follows by itself.',
  },
  BuildFailed: {
    says: 'The declared state does not resolve. The last good revision keeps running.',
    remedy: 'Correct the lines named above and commit. “holdfast validate” finds the same before you push.',
  },
  HealthCheckFailed: {
    says: 'A service did not become healthy in time.',
    remedy:
      'Read its log on the host with “docker logs”, then correct the image, its settings or the healthcheck in Git.',
  },
  PruneFailed: {
    says: 'Something that Git no longer declares could not be removed.',
    remedy: 'The message names it. Usually another container still uses it: stop that, the agent then tries again.',
  },
  ReconciliationFailed: {
    says: 'A step of the plan failed.',
    remedy: 'The message names the step. Run “holdfast-agent plan” on the host to see what is left to do.',
  },
  GitOperationFailed: {
    says: 'The fleet repository cannot be read. What runs is left as it is.',
    remedy:
      'Check source.url, ref and path in agent.yaml, and the network of the host. “holdfast-agent plan” on the host says the same at once.',
  },
  AuthenticationFailed: {
    says: 'The Git server refused the credentials.',
    remedy: 'Renew the token or deploy key under source.auth on the host. It needs read access only.',
  },
  VerificationError: {
    says: 'The newest commit, or an image that it names, is not signed by anyone whom this device trusts. It is not applied.',
    remedy:
      'Sign it with an allowed key, or trust the key that signed it: verify.allowed_signers for commits, policy.images.cosign_keys for images. If nobody knows the commit, treat it as an intrusion.',
  },
  PolicyDenied: {
    says: 'The commit asks for something that the policy of this host forbids.',
    remedy:
      'Drop the request from the Compose file, or paste the line of the message under policy into agent.yaml on the host.',
  },
  DockerUnavailable: {
    says: 'The Docker Engine on the host does not answer.',
    remedy: 'On the host: “systemctl status docker”. The agent goes on as soon as the Engine is back.',
  },
  ImagePullFailed: {
    says: 'An image could not be pulled. What runs keeps running.',
    remedy: 'Check the image name and tag in Git, and whether the host can reach and log in to the registry.',
  },
  DiskPressure: {
    says: 'The disk of the host is too full to go on safely.',
    remedy: 'Free space on the host; “docker system df” shows what Docker holds.',
  },
  RolledBack: {
    says: 'The new revision failed its health gate. The device is back on the last good one.',
    remedy:
      'Correct the service that failed and commit. The failed revision is not tried again until Git moves or you ask.',
  },
  RollbackRejected: {
    says: 'The branch was set back to a commit that is older than the applied one. It is not applied.',
    remedy:
      'To go back, revert in Git: that is a new commit. If setting it back was meant, run “holdfast-agent accept COMMIT” on the device.',
  },
  HistoryRewritten: {
    says: 'The branch no longer contains the applied commit: its history was rewritten. The new one is not applied.',
    remedy: 'Make sure that the force push was meant. If it was, run “holdfast-agent accept COMMIT” on the device.',
  },
  PruneGuard: {
    says: 'The branch or the device folder is gone, or more would have to be removed than is allowed: nothing is removed.',
    remedy:
      'Check that the branch exists and that the device folder in it is complete. If the removal is meant, raise limits.deletes in agent.yaml.',
  },
  NameConflict: {
    says: 'A container, network or volume with the declared name exists, and this agent did not make it.',
    remedy: 'Remove or rename it on the host, or choose another name in the Compose file.',
  },
  DriftDetected: {
    says: 'Something on the host was changed behind Git’s back.',
    remedy: 'See the drift below. With “drift: correct” it is put right; with “drift: warn” it stays until you act.',
  },
};
