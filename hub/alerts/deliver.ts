// One message to one receiver, and the record of how that went. A crash in between sends it once more: better twice than never.
import { messageOf } from '../../fleet/error.ts';
import type { Log } from '../log.ts';
import type { AlertStore } from '../store/alerts.ts';
import { type Message, retryAt } from './decide.ts';
import type { Way } from './destinations.ts';
import type { ReceiverState, Told } from './model.ts';
import { SendError } from './send/contract.ts';

/** Nothing that a receiver does may take longer. */
const SEND_DEADLINE_MS = 15_000;

export interface DeliverInput {
  readonly ways: readonly Way[];
  readonly store: Pick<AlertStore, 'sent'>;
  readonly states: readonly ReceiverState[];
  readonly config: { readonly url?: string | undefined };
  readonly id: string;
  /** When the alerts were judged, milliseconds. */
  readonly at: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly onSent: (kind: string, taken: boolean) => void;
  readonly log: Log;
}

export async function deliver(
  { destination, due }: Message,
  input: DeliverInput,
  stopping: AbortSignal,
): Promise<void> {
  const way = input.ways.find(({ id }) => id === destination.id);
  if (way === undefined) return;
  const { at, log, states, store } = input;
  const { id: receiver, kind } = way;
  const before = states.find((one) => one.receiver === receiver);
  const url = input.config.url?.replace(/\/+$/, '') ?? null;
  const envelope = { receiver: way.receiver, due, now: input.now(), hub: input.id, url };
  try {
    await way.sender.send(envelope, AbortSignal.any([stopping, AbortSignal.timeout(SEND_DEADLINE_MS)]));
  } catch (error) {
    // Ended by this hub: no fault of the receiver's.
    if (stopping.aborted) return;
    const failures = (before?.failures ?? 0) + 1;
    const asked = error instanceof SendError ? error.retryAfterMs : null;
    const retry = retryAt(failures, input.now(), input.random(), asked);
    const why = messageOf(error);
    input.onSent(kind, false);
    log.warn({ receiver, error: why, failures, retry: new Date(retry).toISOString() }, 'an alert was not taken');
    await store.sent([], { receiver, failures, retryAt: retry, error: why, okAt: before?.okAt ?? null });
    return;
  }
  input.onSent(kind, true);
  log.info(
    { receiver, alerts: due.map(({ alert, action }) => `${action} ${alert.id} ${alert.rule}`) },
    'told of alerts',
  );
  const told = due.map(({ alert, action }): Told => {
    const state = action === 'resolved' ? 'resolved' : 'firing';
    return { alert: alert.id, receiver, state, at, joined: alert.joined };
  });
  await store.sent(told, { receiver, failures: 0, retryAt: 0, error: null, okAt: input.now() });
}
