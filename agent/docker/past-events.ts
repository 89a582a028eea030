// Did somebody ask the Engine to stop a container that has exited? Answered from the Engine's short memory of past events (256 of
// them, lost when it restarts). Only asked where the answer matters. Must not fail a look: no memory means no.
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { Connection } from './connection.ts';
import { readNdjson } from './ndjson.ts';

/**
 * True when a container that exited with 0, and that its restart policy does not bring back, was stopped or killed by a request
 * during its last run. Every other container: false.
 */
export async function wasStoppedByRequest(
  connection: Connection,
  container: ContainerInspect,
  signal: AbortSignal,
): Promise<boolean> {
  const { Status, ExitCode, StartedAt, FinishedAt } = container.State;
  const policy = container.HostConfig.RestartPolicy?.Name ?? '';
  if (Status !== 'exited' || ExitCode !== 0 || !['', 'no', 'on-failure'].includes(policy)) return false;
  const since = engineTime(StartedAt, 0);
  const until = engineTime(FinishedAt, STOP_EVENT_DELAY_S);
  if (since === null || until === null) return false;
  const filters = JSON.stringify({ type: ['container'], container: [container.Id], event: ['stop', 'kill'] });
  const call = {
    method: 'GET',
    path: '/events',
    query: { since, until, filters },
    what: `ask for past events of container ${container.Name}`,
    deadlineMs: PAST_EVENTS_MS,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PAST_EVENTS_MS)]),
  } as const;
  try {
    return await connection.stream(call, anyRequest);
  } catch (error) {
    signal.throwIfAborted();
    // Out of time, or an Engine whose memory cannot be read: as if it remembered nothing. A lost Engine shows in the next call.
    if (error instanceof HoldfastError || call.signal.aborted) return false;
    throw error;
  }
}

/** The stop event is written just after the container's end. */
const STOP_EVENT_DELAY_S = 1;
const PAST_EVENTS_MS = 5_000;
/** Signals that containers use as a message to themselves: HUP, USR1, USR2, WINCH. */
const MESSAGE_SIGNALS = new Set(['1', '10', '12', '28']);

async function anyRequest(chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  for await (const event of readNdjson(chunks)) {
    const { Action, Actor } = event as {
      Action?: unknown;
      Actor?: { Attributes?: { signal?: unknown } | null } | null;
    };
    if (Action === 'stop') return true;
    if (Action === 'kill' && !MESSAGE_SIGNALS.has(String(Actor?.Attributes?.signal ?? ''))) return true;
  }
  return false;
}

/** RFC 3339 with nanoseconds as the Engine's `seconds.nanoseconds`, moved by whole seconds. */
function engineTime(text: string | undefined, addS: number): string | null {
  const ms = Date.parse(text ?? '');
  if (Number.isNaN(ms)) return null;
  const fraction = /\.(\d{1,9})/.exec(text ?? '')?.[1] ?? '0';
  return `${Math.floor(ms / 1000) + addS}.${fraction.padEnd(9, '0')}`;
}
