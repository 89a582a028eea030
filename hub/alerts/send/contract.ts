// What a receiver's kind has to do: one message to one address, or an error that says why in words without secrets.
import type { Due } from '../decide.ts';

export interface Envelope {
  /** Of the receiver in hub.yaml. */
  readonly receiver: string;
  readonly due: readonly Due[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** This hub. */
  readonly hub: string;
  /** Of the dashboard, without a slash at its end; null: nobody said. */
  readonly url: string | null;
}

export interface Sender {
  /** Reads what it needs and finds what is wrong with it, without sending. @throws HoldfastError ConfigInvalid */
  check(): Promise<void>;
  /** Settles when the receiver has taken it. @throws SendError, or ConfigInvalid */
  send(envelope: Envelope, signal: AbortSignal): Promise<void>;
}

export class SendError extends Error {
  /** The receiver said to wait so long. */
  readonly retryAfterMs: number | null;
  constructor(message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = 'SendError';
    this.retryAfterMs = retryAfterMs;
  }
}
