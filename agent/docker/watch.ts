// The Engine's event stream as a doorbell: container, network and volume events, with reconnects. Events are lost whenever the
// stream is down, so every connect reports a gap. Must not interpret events.
import { messageOf } from '../../fleet/error.ts';
import { type Backoff, backoffMs } from '../backoff.ts';
import { asRecord, textField } from './answer.ts';
import type { Connection } from './connection.ts';
import { pause } from './deadline.ts';
import type { EngineEvent } from './engine.ts';
import { readNdjson } from './ndjson.ts';
import type { Log } from './pull.ts';

/** Runs until the signal aborts, then resolves. */
export async function watchEvents(
  connection: Connection,
  onEvent: (event: EngineEvent) => void,
  onGap: () => void,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let attempt = 0;
  while (!signal.aborted) {
    try {
      await connection.stream(eventsCall(signal), async (chunks) => {
        attempt = 0;
        onGap();
        for await (const line of readNdjson(chunks)) {
          const event = toEvent(line);
          if (event !== null) onEvent(event);
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

/** One line of the stream, or null for what never changes a container's state (every health check makes three exec events). */
export function toEvent(line: unknown): EngineEvent | null {
  const record = asRecord(line, 'GET /events');
  const type = textField(record, 'Type', 'GET /events');
  const action = textField(record, 'Action', 'GET /events');
  if (IGNORED.test(action)) return null;
  const actor = asRecord(record.Actor ?? {}, 'GET /events');
  const attributes: Record<string, string> = {};
  for (const [key, value] of Object.entries(asRecord(actor.Attributes ?? {}, 'GET /events'))) {
    if (typeof value === 'string') attributes[key] = value;
  }
  const id = typeof actor.ID === 'string' ? actor.ID : '';
  return { type, action, name: attributes.name ?? id, attributes };
}

const IGNORED = /^(exec_|top$|attach$|detach$|resize$|export$|commit$)/;

function eventsCall(signal: AbortSignal) {
  const filters = JSON.stringify({ type: ['container', 'network', 'volume'] });
  return { method: 'GET', path: '/events', query: { filters }, what: 'stream events', signal } as const;
}

const RECONNECT: Backoff = { firstMs: 250, capMs: 15_000 };
const SHORTEST_PAUSE_MS = 50;
