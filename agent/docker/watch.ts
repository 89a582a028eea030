// The Engine's event stream as a doorbell: container, network and volume events, with reconnects. Events are lost whenever the
// stream is down, so every connect reports a gap. Must not interpret events.
import type { EngineEvent } from '../../fleet/engine/event.ts';
import { messageOf } from '../../fleet/error.ts';
import { type Backoff, backoffMs } from '../backoff.ts';
import { asRecord, textField } from './answer.ts';
import type { Connection } from './connection.ts';
import { pause } from './deadline.ts';
import type { Watch } from './engine.ts';
import { readNdjson } from './ndjson.ts';
import type { Log } from './pull.ts';

/** Runs until the signal aborts, then resolves. `execs`: with the start of exec sessions, of which every health check is one. */
export async function watchEvents(
  connection: Connection,
  { execs, onEvent, onGap }: Watch,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let attempt = 0;
  for (let connects = 0; !signal.aborted; connects++) {
    try {
      // It may be another Engine by now: one that was upgraded behind a socket that stayed open.
      if (connects > 0) await connection.info(signal);
      await connection.stream(eventsCall(execs, signal), async (chunks) => {
        attempt = 0;
        onGap();
        for await (const line of readNdjson(chunks)) {
          onEvent(toEvent(line));
        }
      });
      if (!signal.aborted) log('the event stream of the Engine ended; connecting again');
    } catch (error) {
      if (signal.aborted) return;
      if (attempt === 0) log(`the event stream of the Engine broke; connecting again: ${messageOf(error)}`);
    }
    try {
      await pause(SHORTEST_PAUSE_MS + backoffMs(RECONNECT, attempt++, Math.random()), signal);
    } catch {
      return; // Only the signal ends a pause.
    }
  }
}

/** One line of the stream. */
export function toEvent(line: unknown): EngineEvent {
  const record = asRecord(line, 'GET /events');
  const type = textField(record, 'Type', 'GET /events');
  const action = textField(record, 'Action', 'GET /events');
  const actor = asRecord(record.Actor ?? {}, 'GET /events');
  const attributes: Record<string, string> = {};
  for (const [key, value] of Object.entries(asRecord(actor.Attributes ?? {}, 'GET /events'))) {
    if (typeof value === 'string') attributes[key] = value;
  }
  const id = typeof actor.ID === 'string' ? actor.ID : '';
  const ms = typeof record.timeNano === 'number' ? record.timeNano / 1e6 : Number(record.time ?? 0) * 1000;
  return { type, action, id, name: attributes.name ?? id, attributes, ms: Math.floor(ms) || 0 };
}

/**
 * What the Engine is asked to tell, and no more: each health check starts a session, which is three events, and a thousand of
 * them an hour cost more than all that the agent does. The Engine matches the beginning of `health_status: …` and `exec_start: …`.
 */
export function eventFilters(execs: boolean): string {
  const type = ['container', 'network', 'volume'];
  return JSON.stringify({ type, event: [...EVENTS, ...(execs ? ['exec_start'] : [])] });
}

const EVENTS = [
  ...['create', 'start', 'restart', 'stop', 'kill', 'oom', 'die', 'destroy', 'pause', 'unpause', 'rename', 'update'],
  ...['health_status', 'extract-to-dir', 'connect', 'disconnect'],
];

function eventsCall(execs: boolean, signal: AbortSignal) {
  const query = { filters: eventFilters(execs) };
  return { method: 'GET', path: '/events', query, what: 'stream events', signal } as const;
}

const RECONNECT: Backoff = { firstMs: 250, capMs: 15_000 };
const SHORTEST_PAUSE_MS = 50;
