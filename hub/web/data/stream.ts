// The live line to the hub: server-sent events, connected again after every loss with growing, jittered pauses.
// Owns the connection only; what is said goes to `said`, whether anybody listens on the other side goes to `link`.
import type { StreamEvents } from '../../api/schemas.ts';
import type { StreamMessage } from './inbox.ts';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
const OPEN_DEADLINE_MS = 15_000;

const KINDS = ['device', 'event', 'summary'] as const satisfies readonly (keyof StreamEvents)[];

export interface StreamHandlers {
  said(message: StreamMessage): void;
  opened(): void;
  lost(): void;
}

export interface Stream {
  /** Drops the connection, if any, and connects now. */
  reconnect(): void;
  /** The other side was seen to be dead: let go, and come back after a pause. */
  fail(): void;
  close(): void;
}

export function openStream(url: string, handlers: StreamHandlers): Stream {
  let source: EventSource | null = null;
  let timer: number | undefined;
  let attempt = 0;

  function drop(): void {
    window.clearTimeout(timer);
    source?.close();
    source = null;
  }
  function fail(): void {
    drop();
    timer = window.setTimeout(connect, pauseMs(attempt, Math.random()));
    attempt += 1;
    handlers.lost();
  }
  function connect(): void {
    drop();
    const current = new EventSource(url);
    source = current;
    timer = window.setTimeout(fail, OPEN_DEADLINE_MS);
    current.addEventListener('open', () => {
      window.clearTimeout(timer);
      attempt = 0;
      handlers.opened();
    });
    current.addEventListener('error', fail);
    for (const kind of KINDS) {
      current.addEventListener(kind, (event: MessageEvent<string>) => {
        const message = parseMessage(kind, event.data);
        if (message !== null) handlers.said(message);
      });
    }
  }
  connect();
  return { reconnect: connect, fail, close: drop };
}

/** Pause before attempt `n` (from 0): doubles up to 30 s, and lies between half and all of that. */
export function pauseMs(attempt: number, random: number): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
  return Math.round(whole * (0.5 + random / 2));
}

/** null: not JSON, so not from a hub that we know; the next refresh brings what it meant. */
export function parseMessage(kind: keyof StreamEvents, data: string): StreamMessage | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? ({ kind, value } as StreamMessage) : null;
  } catch {
    // Half a message, cut by a proxy: nothing that could be shown.
    return null;
  }
}
