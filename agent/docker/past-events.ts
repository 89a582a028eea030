// Did somebody ask the Engine to stop a container that has exited? Answered from the Engine's short memory of past events (256 of
// them, lost when it restarts), and remembered here for longer. Only asked where the answer matters. Must not fail a look: no memory
// means no.

import type { EngineEvent } from '../../fleet/engine/event.ts';
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { Connection } from './connection.ts';
import { readNdjson } from './ndjson.ts';
import { dropOldest } from './remembered.ts';
import { eventFilters, toEvent } from './watch.ts';

/** Ends of containers that are remembered; the oldest are forgotten first, and asked about again. */
const KNOWN_ENDS = 1024;
/** The event is written just after the end: an answer that is older by so much stays as it is. */
const SURE_MS = 5_000;

export type WasStopped = (container: ContainerInspect, signal: AbortSignal) => Promise<boolean>;

/**
 * True when a container that exited, and that its restart policy does not bring back, was stopped or killed by a request during
 * its last run. Every other container: false; so are those whose exit code tells it (128 + SIGKILL or SIGTERM).
 */
export function createWasStopped(connection: Connection): WasStopped {
  const ends = new Map<string, { readonly stopped: boolean; readonly askedMs: number; readonly sure: boolean }>();
  return async (container, signal) => {
    const { Status, ExitCode, FinishedAt } = container.State;
    const policy = container.HostConfig.RestartPolicy?.Name ?? '';
    if (Status !== 'exited' || ExitCode === 137 || ExitCode === 143 || !['', 'no', 'on-failure'].includes(policy))
      return false;
    const end = `${container.Id} ${FinishedAt}`;
    const known = ends.get(end);
    if (known?.sure) return known.stopped;
    const stopped = await askForRequest(connection, container, signal);
    if (stopped === null) return false;
    const nowMs = performance.now();
    const { askedMs } = known ?? { askedMs: nowMs };
    ends.set(end, { stopped, askedMs, sure: stopped || nowMs - askedMs >= SURE_MS });
    if (ends.size > KNOWN_ENDS) dropOldest(ends);
    return stopped;
  };
}

/** null: the Engine could not tell. */
async function askForRequest(
  connection: Connection,
  { Id, Name, State: { StartedAt, FinishedAt } }: ContainerInspect,
  signal: AbortSignal,
): Promise<boolean | null> {
  const since = engineTime(StartedAt, 0);
  const until = engineTime(FinishedAt, STOP_EVENT_DELAY_S);
  if (since === null || until === null) return null;
  const filters = JSON.stringify({ type: ['container'], container: [Id], event: ['stop', 'kill'] });
  const call = {
    method: 'GET',
    path: '/events',
    query: { since, until, filters },
    what: `ask for past events of container ${Name}`,
    deadlineMs: PAST_EVENTS_MS,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PAST_EVENTS_MS)]),
  } as const;
  try {
    return await connection.stream(call, anyRequest);
  } catch (error) {
    signal.throwIfAborted();
    // Out of time, or an Engine whose memory cannot be read: as if it remembered nothing. A lost Engine shows in the next call.
    if (error instanceof HoldfastError || call.signal.aborted) return null;
    throw error;
  }
}

/** Everything that the Engine remembers since then. */
export async function pastEvents(connection: Connection, sinceMs: number, signal: AbortSignal): Promise<EngineEvent[]> {
  const seconds = (ms: number) => (Math.max(0, ms) / 1000).toFixed(3);
  const filters = eventFilters(true);
  const call = {
    method: 'GET',
    path: '/events',
    // Up to now by the Engine's own clock, which is this host's.
    query: { since: seconds(sinceMs), until: seconds(Date.now()), filters },
    what: 'ask for past events',
    deadlineMs: PAST_EVENTS_MS,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PAST_EVENTS_MS)]),
  } as const;
  try {
    return await connection.stream(call, async (chunks) => {
      const events: EngineEvent[] = [];
      for await (const line of readNdjson(chunks)) {
        if (events.push(toEvent(line)) >= MOST_PAST_EVENTS) break;
      }
      return events;
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HoldfastError || call.signal.aborted) return [];
    throw error;
  }
}

/** The Engine keeps 256. */
const MOST_PAST_EVENTS = 1024;
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
