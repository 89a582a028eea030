// The executor: one function per step kind, one Engine call each, no decisions. "Already so" is success, so that a step can be
// repeated after a crash or a lost answer.

import { HoldfastError, messageOf } from '../../fleet/error.ts';
import { cutShort } from '../../fleet/mask.ts';
import type { StepOf } from '../../fleet/model/plan.ts';
import { awaitService } from './await-service.ts';
import type { Call, Connection } from './connection.ts';
import { pause, withDeadline } from './deadline.ts';
import type { EngineSteps } from './engine.ts';
import { type Answer, engineMessage, refusal } from './failure.ts';
import { inspectContainer } from './observe.ts';
import { type Log, type PullLimits, pullImage } from './pull.ts';
import { runHook } from './run-hook.ts';

/** Starting sets up mounts, networks and ports; slow boards under load need more than a plain call. */
const START_MS = 120_000;
/** What the Engine needs beyond the grace period to kill and to clean up. */
const STOP_MARGIN_MS = 30_000;
const REMOVE_MS = 120_000;
/** The Engine's own grace period when the container sets none. */
const ENGINE_STOP_S = 10;

export function createSteps(connection: Connection, limits: PullLimits, log: Log): EngineSteps {
  const post = (call: Omit<Call, 'method'>, also?: readonly number[]): Promise<Answer> =>
    connection.expect({ method: 'POST', ...call }, also);

  return {
    'pull-image': async (step, signal) => void (await pullImage(connection, step, { limits, log }, signal)),
    'create-network': async ({ body }, signal) =>
      create(connection, { path: '/networks/create', body, what: `create network ${body.Name}`, signal }, log),
    'remove-network': async ({ network, name }, signal) => {
      const path = `/networks/${encodeURIComponent(network)}`;
      await connection.expect({ method: 'DELETE', path, what: `remove network ${name}`, signal }, [404]);
    },
    'create-volume': async ({ body }, signal) =>
      create(connection, { path: '/volumes/create', body, what: `create volume ${body.Name}`, signal }, log),
    'create-container': async ({ name, platform, body }, signal) => {
      const query = { name, ...(platform === undefined ? {} : { platform }) };
      const call = { path: '/containers/create', query, body, what: `create container ${name}`, signal };
      return create(connection, { ...call, deadlineMs: START_MS }, log);
    },
    'connect-network': (step, signal) => connectNetwork(connection, step, signal),
    'disconnect-network': (step, signal) => disconnectNetwork(connection, step, signal),
    'start-container': async ({ container }, signal) => {
      const what = `start container ${container}`;
      await post({ path: containerPath(container, 'start'), what, deadlineMs: START_MS, signal }, [304]);
    },
    'unpause-container': async ({ container }, signal) => {
      const call = { path: containerPath(container, 'unpause'), what: `unpause container ${container}`, signal };
      await unlessAlready(connection, { method: 'POST', ...call }, /is not paused/i);
    },
    'signal-container': async ({ container, signal: name }, signal) => {
      const call = { path: containerPath(container, 'kill'), query: { signal: name }, signal };
      // What does not run reads its content when it starts.
      await unlessAlready(
        connection,
        { method: 'POST', ...call, what: `send ${name} to ${container}` },
        /is not running/i,
      );
    },
    'restart-container': (step, signal) => endRun(connection, 'restart', step, signal),
    'stop-container': (step, signal) => endRun(connection, 'stop', step, signal),
    'remove-container': (step, signal) => removeContainer(connection, step, signal),
    'rename-container': async ({ container, name }, signal) => {
      const call = { path: containerPath(container, 'rename'), query: { name }, signal };
      const answer = await renamed(connection, { method: 'POST', ...call, what: `rename container ${container}` });
      if (answer.status === 409) throw refusal(`rename container ${container} to ${name}`, answer, 'NameConflict');
      const same = answer.status >= 400 && /same name as its current name/i.test(engineMessage(answer));
      if (answer.status >= 400 && !same) throw refusal(`rename container ${container} to ${name}`, answer);
    },
    'update-container': async ({ container, update }, signal) => {
      const call = {
        path: containerPath(container, 'update'),
        body: update,
        what: `update container ${container}`,
        signal,
      };
      const answer = await connection.call({ method: 'POST', ...call });
      if (answer.status >= 400) throw notUpdated(call.what, answer);
      warn(answer.body, call.what, log);
    },
    'run-hook': async (step, signal) => {
      try {
        await runHook(connection, step, signal);
      } catch (error) {
        if (step.required || signal.aborted) throw error;
        log(messageOf(error), { container: step.container });
      }
    },
    'await-service': (step, signal) => awaitService(connection, step, signal),
  };
}

/** A container that ends at this very moment has no network any more, and cannot be renamed until it has ended. */
async function renamed(connection: Connection, call: Call): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await connection.call(call);
    const ending = answer.status >= 400 && /sandbox \w+ not found/i.test(engineMessage(answer));
    if (!ending || tries === RENAME_TRIES) return answer;
    await pause(RENAME_PAUSE_MS * tries, call.signal);
  }
}

const RENAME_TRIES = 5;
const RENAME_PAUSE_MS = 100;

/** A create whose 409 means that somebody else holds the name. */
async function create(connection: Connection, call: Omit<Call, 'method'>, log: Log): Promise<void> {
  const answer = await connection.expect({ method: 'POST', ...call }, [409]);
  if (answer.status === 409) throw refusal(call.what, answer, 'NameConflict');
  warn(answer.body, call.what, log);
}

async function connectNetwork(
  connection: Connection,
  { container, network, endpoint }: StepOf<'connect-network'>,
  signal: AbortSignal,
): Promise<void> {
  const path = `/networks/${encodeURIComponent(network)}/connect`;
  const body = { Container: container, EndpointConfig: endpoint };
  const what = `connect ${container} to network ${network}`;
  await unlessAlready(
    connection,
    { method: 'POST', path, body, what, deadlineMs: START_MS, signal },
    /already exists in network|is already attached to network/i,
  );
}

async function disconnectNetwork(
  connection: Connection,
  { container, network }: StepOf<'disconnect-network'>,
  signal: AbortSignal,
): Promise<void> {
  const path = `/networks/${encodeURIComponent(network)}/disconnect`;
  const body = { Container: container, Force: false };
  const what = `disconnect ${container} from network ${network}`;
  await unlessAlready(
    connection,
    { method: 'POST', path, body, what, signal },
    /is not connected to|no such container|network .* not found/i,
  );
}

/** Stops or restarts. The grace period goes with the call, and the call's own deadline lies beyond it. */
async function endRun(
  connection: Connection,
  action: 'stop' | 'restart',
  step: { readonly container: string; readonly timeoutS: number | null },
  signal: AbortSignal,
): Promise<void> {
  const graceS = step.timeoutS ?? (await ownGraceS(connection, step.container, signal));
  const call: Call = {
    method: 'POST',
    path: containerPath(step.container, action),
    query: step.timeoutS === null ? {} : { t: String(Math.ceil(step.timeoutS)) },
    what: `${action} container ${step.container}`,
    deadlineMs: Math.min(graceS * 1000, LONGEST_GRACE_MS) + STOP_MARGIN_MS + (action === 'restart' ? START_MS : 0),
    signal,
  };
  await connection.expect(call, action === 'stop' ? [304, 404] : []);
}

/** Timers hold 24 days at most. */
const LONGEST_GRACE_MS = 24 * 3_600_000;

async function ownGraceS(connection: Connection, container: string, signal: AbortSignal): Promise<number> {
  const inspect = await inspectContainer(connection, container, signal);
  return inspect?.Config.StopTimeout ?? ENGINE_STOP_S;
}

/** Removes by force and keeps anonymous volumes. A removal that is under way is waited for, so that the name is free afterwards. */
async function removeContainer(
  connection: Connection,
  step: StepOf<'remove-container'>,
  signal: AbortSignal,
): Promise<void> {
  const what = `remove container ${step.name}`;
  await withDeadline({ what, ms: REMOVE_MS, signal }, async (inner) => {
    const path = `/containers/${encodeURIComponent(step.container)}`;
    const query = { force: 'true', v: 'false' };
    const call: Call = { method: 'DELETE', path, query, what, deadlineMs: REMOVE_MS, signal: inner };
    const answer = await connection.expect(call, [404, 409]);
    if (answer.status !== 409) return;
    if (!/already in progress/i.test(engineMessage(answer))) throw refusal(what, answer);
    while ((await inspectContainer(connection, step.container, inner)) !== null) await pause(REMOVAL_POLL_MS, inner);
  });
}

const REMOVAL_POLL_MS = 200;

/** The Engine says "already so" with different statuses over the years, but with the same words. */
async function unlessAlready(connection: Connection, call: Call, already: RegExp): Promise<void> {
  const answer = await connection.call(call);
  if (answer.status < 400 || already.test(engineMessage(answer))) return;
  throw refusal(call.what, answer);
}

/** The kernel takes no memory back that is in use; the Engine leaves the container as it was. */
function notUpdated(what: string, answer: Answer): HoldfastError {
  const refused = refusal(what, answer);
  if (!/unable to set memory limit|device or resource busy/i.test(refused.message)) return refused;
  const remedy = 'It uses more than that now: declare more, or restart it so that it begins with less.';
  return new HoldfastError(refused.code, `${refused.message.replace(/\.?$/, '.')} ${remedy}`);
}

function containerPath(container: string, action: string): string {
  return `/containers/${encodeURIComponent(container)}/${action}`;
}

function warn(body: unknown, what: string, log: Log): void {
  const warnings = typeof body === 'object' && body !== null && 'Warnings' in body ? body.Warnings : null;
  if (!Array.isArray(warnings) || warnings.length === 0) return;
  log(`the Engine warns about "${what}": ${cutShort(warnings.join('; '), WARNING_CHARS)}`);
}

const WARNING_CHARS = 1000;
