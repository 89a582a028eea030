// What has to be said and is not said yet: the newest status (memory) and the events (the store's outbox).
// Sends over whichever connection is there, one round at a time; the loop's side never waits.
import { messageOf } from '../../fleet/error.ts';
import { deviceTopic } from '../../fleet/wire/topics.ts';
import type { Store } from '../store/store.ts';
import { type Connection, PublishRefused } from './connection.ts';
import type { ReporterLog } from './create-reporter.ts';
import type { Messages } from './messages.ts';
import { createOutbox } from './outbox.ts';
import type { NewEvent, NewStatus } from './reporter.ts';
import { statusOutline } from './status-outline.ts';

/** Events on their way at once; MQTT keeps their order. */
const IN_FLIGHT = 16;
/** After a refusal, or a failure of the store, events wait for this long (or for the next connection). */
const REFUSED_PAUSE_MS = 60_000;

export interface Delivery {
  status(status: NewStatus): void;
  event(event: NewEvent): void;
  connected(): boolean;
  /** Everything said so far was acknowledged. */
  idle(): boolean;
  /** Something changed: look again. */
  ring(): void;
  /** Sends until the connection closes or the signal aborts. Rejects when the link is lost on the way. */
  serve(connection: Connection, signal: AbortSignal): Promise<void>;
}

export function createDelivery(given: {
  fleet: string;
  device: string;
  messages: Messages;
  store: Pick<Store, 'pushOutbox' | 'peekOutbox' | 'ackOutbox'>;
  log: ReporterLog;
}): Delivery {
  const { messages, store, log } = given;
  const topics = {
    status: deviceTopic(given.fleet, given.device, 'status'),
    event: deviceTopic(given.fleet, given.device, 'event'),
  };
  let current: Connection | null = null;
  let newest: NewStatus | null = null;
  /** Outline of the status that the broker acknowledged last. */
  let published: string | null = null;
  const outbox = createOutbox(store, log);
  let bell = Promise.withResolvers<void>();
  const ring = (): void => bell.resolve();

  return {
    ring,
    connected: () => current?.isOpen() ?? false,
    idle: () => (newest === null || statusOutline(newest) === published) && outbox.peek(1)?.length === 0,
    status(status) {
      newest = status;
      ring();
    },
    event(event) {
      try {
        store.pushOutbox(topics.event, messages.event(event));
      } catch (error) {
        // A full disk must not end the cycle that wanted to report something: the log line is the report.
        log('warn', 'an event could not be stored and is lost', { event, error: messageOf(error) });
      }
      ring();
    },
    async serve(connection, signal) {
      current = connection;
      // The broker may have lost what it retained: everything is said again.
      published = null;
      let pausedUntilMs = 0;
      while (connection.isOpen() && !signal.aborted) {
        bell = Promise.withResolvers<void>();
        await sendStatus(connection);
        if (performance.now() >= pausedUntilMs && !(await sendEvents(connection, signal))) {
          pausedUntilMs = performance.now() + REFUSED_PAUSE_MS;
          setTimeout(ring, REFUSED_PAUSE_MS).unref();
        }
        if (connection.isOpen() && !signal.aborted) await bell.promise;
      }
    },
  };

  async function sendStatus(connection: Connection): Promise<void> {
    if (newest === null) return;
    const outline = statusOutline(newest);
    if (outline === published) return;
    const payload = messages.status(newest);
    await connection.publish({ topic: topics.status, payload, retain: true }).catch(warnIfRefused);
    published = outline;
  }

  /** Sends the outbox in order until it is empty. False: the broker refused one, which stays, or the store fails. */
  async function sendEvents(connection: Connection, signal: AbortSignal): Promise<boolean> {
    while (connection.isOpen() && !signal.aborted) {
      const batch = outbox.peek(IN_FLIGHT);
      if (batch === null) return false;
      if (batch.length === 0) return true;
      const sent = batch.map(async ({ id, topic, payload }) => {
        if (!outbox.isDelivered(id)) await connection.publish({ topic, payload, retain: false });
        return outbox.takeOut(id);
      });
      const outcomes = await Promise.allSettled(sent);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled' && outcome.value) continue;
        if (outcome.status === 'rejected') warnIfRefused(outcome.reason);
        return false;
      }
    }
    return true;
  }

  function warnIfRefused(error: unknown): void {
    if (!(error instanceof PublishRefused)) throw error;
    log('warn', 'the broker refuses what this device reports; check its access rules', { error: error.message });
  }
}
