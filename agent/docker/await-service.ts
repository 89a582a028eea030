// Waits until a container meets a condition of Compose or is ready to serve, by looking at it again and again. Reads only.
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { StepOf } from '../../fleet/model/plan.ts';
import type { Connection } from './connection.ts';
import { pause } from './deadline.ts';
import { inspectContainer } from './observe.ts';

type AwaitStep = StepOf<'await-service'>;

/** Throws `HealthCheckFailed` when the condition cannot be met any more, or not in time; names the last health check's output. */
export async function awaitService(connection: Connection, step: AwaitStep, signal: AbortSignal): Promise<void> {
  const { steadyMs = 0 } = step;
  const endsAt = performance.now() + step.timeoutMs + steadyMs;
  let steady = { run: '', sinceMs: 0 };
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.5, LONGEST_WAIT_MS)) {
    const container = await inspectContainer(connection, step.container, signal);
    if (container === null) throw unmet(step, 'the container is gone', null);
    const verdict = judge(container, step.condition);
    if (typeof verdict === 'object') throw unmet(step, verdict.why, container);
    const nowMs = performance.now();
    const run = verdict === 'met' ? `${container.Id} ${container.State.StartedAt}` : '';
    if (run !== steady.run) steady = { run, sinceMs: nowMs };
    if (verdict === 'met' && nowMs - steady.sinceMs >= steadyMs) return;
    const leftMs = endsAt - nowMs;
    if (leftMs <= 0) throw unmet(step, `${describe(container)} after ${step.timeoutMs / 1000} s`, container);
    await pause(Math.min(waitMs, leftMs), signal);
  }
}

/** The same verdicts as Compose: healthy fails on exited, unhealthy and no health check; completed fails on any other exit code than 0. */
export function judge(
  container: ContainerInspect,
  condition: AwaitStep['condition'],
): 'met' | 'wait' | { readonly why: string } {
  const { Status, ExitCode, Health } = container.State;
  const ended = Status === 'exited' || Status === 'dead';
  const exit = `it exited with ${ExitCode ?? 'an unknown code'}${container.State.OOMKilled === true ? ' (out of memory)' : ''}`;
  switch (condition) {
    case 'service_started':
      if (Status === 'running' || (Status === 'exited' && ExitCode === 0)) return 'met';
      return ended ? { why: exit } : 'wait';
    case 'service_completed_successfully':
      if (!ended) return 'wait';
      return ExitCode === 0 && Status === 'exited' ? 'met' : { why: exit };
    case 'service_ready':
      if (Status === 'exited' && ExitCode === 0 && restartsNever(container)) return 'met';
      return judge(container, hasHealthcheck(container) ? 'service_healthy' : 'service_started');
    case 'service_healthy':
      if (ended) return { why: exit };
      if (!hasHealthcheck(container)) return { why: 'it has no health check' };
      if (Status !== 'running') return 'wait';
      if (Health?.Status === 'unhealthy') return { why: 'it is unhealthy' };
      return Health?.Status === 'healthy' ? 'met' : 'wait';
  }
}

function restartsNever({ HostConfig }: ContainerInspect): boolean {
  return ['', 'no'].includes(HostConfig.RestartPolicy?.Name ?? '');
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 1_000;
const OUTPUT_CHARS = 300;

function hasHealthcheck(container: ContainerInspect): boolean {
  const test = container.Config.Healthcheck?.Test ?? [];
  return container.State.Health !== undefined || (test.length > 0 && test[0] !== 'NONE');
}

function describe(container: ContainerInspect): string {
  const health = container.State.Health?.Status;
  return `it is still ${container.State.Status}${health === undefined ? '' : ` (${health})`}`;
}

function unmet(step: AwaitStep, why: string, container: ContainerInspect | null): HoldfastError {
  const output =
    (container?.State.Health?.Log?.at(-1)?.Output ?? '').trim().split('\n').at(-1)?.slice(0, OUTPUT_CHARS) ?? '';
  const wanted = step.condition.replace('service_', '').replaceAll('_', ' ');
  const said = output === '' ? '' : `; its health check said: ${output}`;
  return new HoldfastError('HealthCheckFailed', `${step.container} is not ${wanted}: ${why}${said}`);
}
