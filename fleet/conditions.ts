// Whether a device is where Git wants it, and what keeps it from there: the conditions of its status, from most to least urgent.
import type { Condition, Sync } from './model/conditions.ts';
import { shortRevision } from './names.ts';
import { suspendedApps } from './policy/hold.ts';
import { isDrift } from './reconcile/ownership.ts';
import type { StatusInput } from './status.ts';
import type { AppStatus } from './wire/messages.ts';

/** What a device says of itself in conditions. `since` of one moves only when its status does. */
export function conditionsOf(input: StatusInput, sync: Sync, apps: readonly AppStatus[]): Condition[] {
  const ready = readyCondition(input, sync, apps);
  const stalled = input.failures.find((failure) => failure.stalled);
  const retried = input.failures.find((failure) => !failure.stalled);
  const found: Omit<Condition, 'since'>[] = [{ type: 'Ready', ...ready }];
  if (stalled !== undefined)
    found.push({ type: 'Stalled', status: 'True', reason: stalled.reason, message: stalled.message });
  else if (retried !== undefined)
    found.push({ type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry', message: retried.message });
  else if (input.working)
    found.push({
      type: 'Reconciling',
      status: 'True',
      reason: 'Progressing',
      message: input.progress ?? ready.message,
    });
  return found.map((condition) => ({ ...condition, since: sinceOf(condition, input.previous, input.now) }));
}

type Ready = Pick<Condition, 'status' | 'reason' | 'message'>;

function readyCondition(input: StatusInput, sync: Sync, apps: readonly AppStatus[]): Ready {
  const { effective, failures, plan, gitRevision } = input;
  const desired = effective?.desired ?? null;
  const [failure] = failures;
  if (failure !== undefined) {
    const behind = desired !== null && desired.revision !== gitRevision;
    const keeps = behind ? [`${shortRevision(desired.revision)} stays in force`] : [];
    return {
      status: 'False',
      reason: failure.reason,
      message: [...failures.map(({ message }) => message), ...keeps].join('\n'),
    };
  }
  if (desired === null)
    return { status: 'Unknown', reason: 'Progressing', message: 'reading the fleet repository for the first time' };
  if (desired.suspend)
    return { status: 'Unknown', reason: 'Suspended', message: `suspend: true in ${shortRevision(desired.revision)}` };
  // Drift that is only reported (drift: warn) is not being worked on, whatever the gate still waits for.
  const suspended = suspendedApps(desired);
  const found = (plan?.differences ?? []).filter(({ app }) => !suspended.has(app));
  const left = plan?.steps.length === 0 && found.some(isDrift);
  const differences = count(found.length, 'difference');
  const held = found.filter(({ left: why }) => why === 'held').length;
  const fought = held === 0 ? '' : `; ${held} held back: something else sets what was corrected`;
  const message = `${differences} from ${shortRevision(desired.revision)} left as found${fought}`;
  const drifted: Ready = { status: 'False', reason: 'DriftDetected', message };
  if (left) return drifted;
  if (input.working)
    return { status: 'False', reason: 'Progressing', message: `applying ${shortRevision(desired.revision)}` };
  const awaited = apps.filter(({ name }) => !suspended.has(name));
  const ill = awaited.flatMap((app) =>
    app.services
      .filter(({ health }) => health !== 'Healthy')
      .map(({ name, message }) => `${app.name}/${name}: ${message ?? 'not healthy'}`),
  );
  if (ill.length > 0) return { status: 'False', reason: 'HealthCheckFailed', message: ill.join('; ') };
  if (found.length > 0) return drifted;
  const aside = setAside(input, apps, suspended);
  if (aside.length > 0) return { status: 'Unknown', reason: 'Suspended', message: aside.join('; ') };
  if (sync !== 'Synced') return drifted;
  return { status: 'True', reason: 'Succeeded', message: `runs ${shortRevision(desired.revision)}` };
}

/** What is left as it is on purpose, though Git says something else. */
function setAside({ waiting }: StatusInput, apps: readonly AppStatus[], suspended: ReadonlySet<string>): string[] {
  const left = apps.filter(({ name, sync }) => suspended.has(name) && sync !== 'Synced');
  return [...(waiting === null ? [] : [waiting]), ...left.map(({ name }) => `${name} is suspended`)];
}

function sinceOf(condition: Omit<Condition, 'since'>, previous: readonly Condition[], now: string): string {
  const before = previous.find(({ type }) => type === condition.type);
  return before?.status === condition.status ? before.since : now;
}

function count(amount: number, one: string): string {
  return `${amount} ${one}${amount === 1 ? '' : 's'}`;
}
