// The shell around the reducer: one queue, one writer, batches in one transaction each. A message is acknowledged
// (its promise resolves) only after its batch is on disk; when that fails nothing of the batch happened.
import { messageOf } from '../../fleet/error.ts';
import { deviceTopic } from '../../fleet/wire/topics.ts';
import type { Log } from '../log.ts';
import type { Board } from '../roster/board.ts';
import type { DeviceKey } from '../roster/entry.ts';
import { isRefusedValue } from '../store/dialect.ts';
import type { Committed, Store } from '../store/store.ts';
import { CLASH_QUIET_MS } from './expire.ts';
import { judge, type Outcome, type Work } from './judge.ts';
import { createListening } from './listening.ts';
import { type DropCause, type Message, parseMessage } from './parse.ts';
import { createRejects } from './rejects.ts';

/** Messages in one transaction. */
const BATCH_MAX = 1_000;
/** Messages that wait; beyond it they are refused unacknowledged, and come again. */
const QUEUE_MAX = 20_000;
/** Signs of life within this time after another are no news. */
const ALIVE_MS = 45_000;

export interface Ingest {
  /** Settles when the message is on disk or was dropped; rejects when it could not be written. */
  offer(topic: string, payload: Uint8Array, retained: boolean): Promise<Outcome>;
  /** Counts a message that never got as far as `offer`. */
  drop(cause: DropCause, topic?: string): void;
  /** The device's connection showed a sign of life (PINGREQ): a quiet device reports nothing for hours. */
  alive(fleet: string, device: string): void;
  /** Records that someone asked this device to reconcile. */
  recordHint(fleet: string, device: string): Promise<void>;
  /**
   * Looks for silence; call it now and then.
   * @param listening can messages reach this hub right now? Silence while nobody listened is nobody's.
   */
  tick(listening: boolean): Promise<void>;
  /** From when silence counts, as the last tick found; null: nobody listens. Milliseconds. */
  listeningSince(): number | null;
  /** Refuses what comes from now on and finishes what is queued. */
  stop(): Promise<void>;
}

export interface IngestInput {
  readonly store: Pick<Store, 'update' | 'addRejects'>;
  readonly board: Pick<Board, 'size' | 'seenAt' | 'expired'>;
  readonly now: () => number;
  readonly log: Log;
  readonly limits: { readonly devices: number; readonly staleAfterMs: number; readonly fleet?: string | undefined };
  readonly onDrop: (cause: DropCause) => void;
  readonly onMessage: (leaf: Message['leaf']) => void;
  readonly onCommit: (committed: Committed) => void;
}

interface Queued {
  readonly work: Work;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export function createIngest(input: IngestInput): Ingest {
  const { board, limits, now, store } = input;
  const queue: Queued[] = [];
  const signs = new Map<string, DeviceKey>();
  const listening = createListening(limits.staleAfterMs);
  const rejects = createRejects();
  let stopped = false;
  let writing: Promise<void> | null = null;

  function enqueue(work: Work): Promise<Outcome> {
    if (stopped) return Promise.reject(new Error('the hub is stopping'));
    if (queue.length >= QUEUE_MAX) return Promise.reject(new Error('the hub is overloaded'));
    const outcome = new Promise<Outcome>((resolve, reject) => queue.push({ work, resolve, reject }));
    writing ??= drain();
    return outcome;
  }

  function drop(cause: DropCause, topic: string): void {
    rejects.add(cause, topic, now());
    input.onDrop(cause);
  }

  async function drain(): Promise<void> {
    // One turn of the event loop, so that what arrived together is written together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (queue.length > 0) await write(queue.splice(0, BATCH_MAX), input, drop, listening.interrupt);
    // In the same turn that saw the queue empty, or what is queued in between would wait for ever.
    writing = null;
  }

  /** In slices, so that a whole fleet does not fill the queue. */
  async function enqueueAll(works: readonly Work[]): Promise<void> {
    for (let from = 0; from < works.length; from += BATCH_MAX)
      await Promise.all(works.slice(from, from + BATCH_MAX).map(enqueue));
  }

  return {
    offer(topic, payload, retained) {
      const parsed = parseMessage(topic, payload, retained);
      const foreign = parsed.ok && limits.fleet !== undefined && parsed.message.fleet !== limits.fleet;
      if (parsed.ok && !foreign) return enqueue({ kind: 'message', message: parsed.message });
      const cause = parsed.ok ? 'topic' : parsed.cause;
      drop(cause, topic);
      return Promise.resolve(cause);
    },
    drop: (cause, topic = '') => drop(cause, topic),
    alive(fleet, device) {
      const seenAt = board.seenAt(fleet, device);
      if (seenAt === undefined || now() - seenAt < Math.min(ALIVE_MS, limits.staleAfterMs / 4)) return;
      signs.set(`${fleet}/${device}`, { fleet, device });
    },
    async recordHint(fleet, device) {
      await enqueue({ kind: 'hint', fleet, device });
    },
    async tick(isListening) {
      const works = Array.from(signs.values(), (key): Work => ({ kind: 'alive', ...key }));
      signs.clear();
      await enqueueAll(works);
      await store.addRejects(rejects.take());
      const since = listening.look(isListening, now());
      if (since === null) return;
      const patient = now() - since <= limits.staleAfterMs;
      const found = board.expired(patient ? 0 : now() - limits.staleAfterMs, now() - CLASH_QUIET_MS);
      await enqueueAll(found.map((key): Work => ({ kind: 'expire', ...key, since })));
    },
    listeningSince: listening.since,
    async stop() {
      stopped = true;
      await writing;
    },
  };
}

async function write(
  batch: readonly Queued[],
  input: IngestInput,
  drop: (cause: DropCause, topic: string) => void,
  interrupted: () => void,
): Promise<void> {
  const now = input.now();
  const { devices, staleAfterMs } = input.limits;
  const limits = { newDevices: devices - input.board.size(), staleAfterMs };
  const works = batch.map(({ work }) => work);
  let outcomes: readonly Outcome[] = [];
  try {
    const decide: Parameters<Store['update']>[1] = (known) => {
      const judged = judge(works, known, now, limits);
      outcomes = judged.outcomes;
      return judged.changes;
    };
    input.onCommit(await input.store.update(works.map(keyOf), decide, now));
  } catch (error) {
    await failed(error, batch, input, drop, interrupted);
    return;
  }
  for (const [index, { resolve, work }] of batch.entries()) {
    const outcome = outcomes[index] ?? 'accepted';
    if (outcome !== 'accepted') drop(outcome, topicOf(work));
    else if (work.kind === 'message') input.onMessage(work.message.leaf);
    resolve(outcome);
  }
}

/** A value that the store refuses is refused for ever: its message is found and dropped, the others are written. */
async function failed(
  error: unknown,
  batch: readonly Queued[],
  input: IngestInput,
  drop: (cause: DropCause, topic: string) => void,
  interrupted: () => void,
): Promise<void> {
  if (isRefusedValue(error) && batch.length > 1) {
    const middle = batch.length >> 1;
    await write(batch.slice(0, middle), input, drop, interrupted);
    await write(batch.slice(middle), input, drop, interrupted);
    return;
  }
  const [only] = batch;
  if (isRefusedValue(error) && only !== undefined) {
    input.log.error({ error: messageOf(error), topic: topicOf(only.work) }, 'the store refuses a message; dropped');
    drop('refused', topicOf(only.work));
    only.resolve('refused');
    return;
  }
  interrupted();
  input.log.error(
    { error: messageOf(error), messages: batch.length },
    'cannot write to the store; nothing of this batch is acknowledged',
  );
  for (const { reject } of batch) reject(error);
}

function keyOf(work: Work): DeviceKey {
  const { fleet, device } = work.kind === 'message' ? work.message : work;
  return { fleet, device };
}

function topicOf(work: Work): string {
  const { fleet, device } = keyOf(work);
  return deviceTopic(fleet, device, work.kind === 'message' ? work.message.leaf : 'status');
}
