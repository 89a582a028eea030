// What the loop needs from MQTT. Never waits for the broker: everything here returns at once.
import type { EventMessage, Status } from '../../fleet/wire/messages.ts';

export type NewEvent = Pick<EventMessage, 'severity' | 'reason' | 'message' | 'revision' | 'resource'>;

/** A status without what the reporter adds: origin, order. */
export type NewStatus = Omit<Status, 'schema' | 'device' | 'instance' | 'boot' | 'seq' | 'ts'>;

export interface Reporter {
  /** Keeps the newest only; published when the broker is there and it differs from the last one published. */
  status(status: NewStatus): void;
  /** Queued in the store's outbox until the broker acknowledges. */
  event(event: NewEvent): void;
  /** Connected right now? */
  connected(): boolean;
  /** Nothing is left to publish: everything said so far was acknowledged, or there is no broker to say it to. */
  idle(): boolean;
  /** Connects, reconnects with full jitter, and serves until the signal aborts; then says offline (1 s at most) and ends. */
  run(onHint: () => void, signal: AbortSignal): Promise<void>;
}
