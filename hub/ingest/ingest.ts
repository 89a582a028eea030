// The shell around the reducer: one queue, one writer, batches in one transaction each. A message is acknowledged
// (its promise resolves) only after its batch is on disk; when that fails nothing of the batch happened.
import { messageOf } from '../../fleet/error.ts';
import type { DeviceItem, EventItem } from '../api/schemas.ts';
import type { Log } from '../log.ts';
import { type RosterEntry, rosterKey } from '../roster/entry.ts';
import type { DeviceChange, Store } from '../store/store.ts';
import type { Effect } from './effects.ts';
import { alive, expire } from './expire.ts';
import { hubEvent } from './hub-event.ts';
import { type DropCause, type Message, parseMessage } from './parse.ts';
import { reduce } from './reduce.ts';

/** Messages in one transaction. */
const BATCH_MAX = 500;
/** Messages that wait; beyond it they are refused unacknowledged, and come again. */
const QUEUE_MAX = 20_000;
/** Signs of life within this time after another are no news. */
const ALIVE_MS = 45_000;

export interface Ingest {
  /** Settles when the message is on disk or was dropped; rejects when it could not be written. */
  offer(topic: string, payload: Uint8Array, retained: boolean): Promise<'accepted' | DropCause>;
  /** Counts a message that never got as far as `offer`. */
  drop(cause: DropCause): void;
  /** The device's connection showed a sign of life (PINGREQ): a quiet device reports nothing for hours. */
  alive(fleet: string, device: string): void;
  /** Records that someone asked this device to reconcile. */
  recordHint(fleet: string, device: string): Promise<void>;
  /** Looks for silence; call it now and then. */
  tick(): Promise<void>;
  /** Refuses what comes from now on and finishes what is queued. */
  stop(): Promise<void>;
}

export interface IngestInput {
  readonly store: Store;
  /** Shared with the readers; only ingest writes it, and only what is on disk. */
  readonly roster: Map<string, RosterEntry>;
  readonly now: () => number;
  readonly log: Log;
  readonly limits: { readonly devices: number; readonly staleAfterMs: number; readonly fleet?: string | undefined };
  readonly onDrop: (cause: DropCause) => void;
  readonly onMessage: (leaf: Message['leaf']) => void;
  readonly onCommit: (change: { devices: readonly DeviceItem[]; events: readonly EventItem[] }) => void;
}

type Work =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'hint'; readonly fleet: string; readonly device: string }
  | { readonly kind: 'alive'; readonly fleet: string; readonly device: string }
  | { readonly kind: 'tick' };

interface Queued {
  readonly work: Work;
  readonly resolve: (outcome: 'accepted' | DropCause) => void;
  readonly reject: (error: unknown) => void;
}

export function createIngest(input: IngestInput): Ingest {
  const queue: Queued[] = [];
  const startedAt = input.now();
  let stopped = false;
  let writing: Promise<void> | null = null;

  function enqueue(work: Work): Promise<'accepted' | DropCause> {
    if (stopped) return Promise.reject(new Error('the hub is stopping'));
    if (queue.length >= QUEUE_MAX) return Promise.reject(new Error('the hub is overloaded'));
    const outcome = new Promise<'accepted' | DropCause>((resolve, reject) => queue.push({ work, resolve, reject }));
    writing ??= drain().finally(() => {
      writing = null;
    });
    return outcome;
  }

  async function drain(): Promise<void> {
    // One turn of the event loop, so that what arrived together is written together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (queue.length > 0) await write(queue.splice(0, BATCH_MAX), input, startedAt);
  }

  return {
    offer(topic, payload, retained) {
      const parsed = parseMessage(topic, payload, retained);
      const foreign = parsed.ok && input.limits.fleet !== undefined && parsed.message.fleet !== input.limits.fleet;
      if (parsed.ok && !foreign) return enqueue({ kind: 'message', message: parsed.message });
      const cause = parsed.ok ? 'topic' : parsed.cause;
      input.onDrop(cause);
      return Promise.resolve(cause);
    },
    drop: input.onDrop,
    alive(fleet, device) {
      const seenAt = input.roster.get(rosterKey(fleet, device))?.entry.seenAt;
      const { staleAfterMs } = input.limits;
      if (seenAt === undefined || input.now() - seenAt < Math.min(ALIVE_MS, staleAfterMs / 4)) return;
      // Lost when the hub is overloaded or stops: the next one tells the same.
      enqueue({ kind: 'alive', fleet, device }).catch(() => undefined);
    },
    async recordHint(fleet, device) {
      await enqueue({ kind: 'hint', fleet, device });
    },
    async tick() {
      await enqueue({ kind: 'tick' });
    },
    async stop() {
      stopped = true;
      await writing;
    },
  };
}

async function write(batch: readonly Queued[], input: IngestInput, startedAt: number): Promise<void> {
  const now = input.now();
  const draft = createDraft(input.roster);
  const outcomes = batch.map(({ work }) => apply(work, draft, input, now, startedAt));
  try {
    const events = draft.changes.length === 0 ? [] : await input.store.commit(draft.collapsed(), now);
    for (const [key, entry] of draft.overlay) input.roster.set(key, entry);
    input.onCommit({ devices: [...draft.overlay.values()].map(({ entry }) => entry.item), events });
  } catch (error) {
    input.log.error(
      { error: messageOf(error), messages: batch.length },
      'cannot write to the store; nothing of this batch is acknowledged',
    );
    for (const { reject } of batch) reject(error);
    return;
  }
  for (const [index, { resolve, work }] of batch.entries()) {
    const outcome = outcomes[index] ?? 'accepted';
    if (outcome !== 'accepted') input.onDrop(outcome);
    else if (work.kind === 'message') input.onMessage(work.message.leaf);
    resolve(outcome);
  }
}

function apply(work: Work, draft: Draft, input: IngestInput, now: number, startedAt: number): 'accepted' | DropCause {
  if (work.kind === 'tick') {
    for (const [key, known] of input.roster) {
      const result = expire(draft.get(key) ?? known, now, input.limits.staleAfterMs, startedAt);
      if (result !== null) draft.put(key, result.next, result.effects);
    }
    return 'accepted';
  }
  if (work.kind === 'hint') {
    const { fleet, device } = work;
    draft.changes.push({ fleet, device, entry: null, effects: [hubEvent(fleet, device, 'Hint', now)] });
    return 'accepted';
  }
  if (work.kind === 'alive') {
    const key = rosterKey(work.fleet, work.device);
    const known = draft.get(key);
    const result = known === undefined ? null : alive(known, now);
    if (result !== null) draft.put(key, result.next, result.effects);
    return 'accepted';
  }
  const key = rosterKey(work.message.fleet, work.message.device);
  const known = draft.get(key);
  if (known === undefined && draft.size() >= input.limits.devices) return 'devices';
  const reduction = reduce(known, work.message, now);
  if (reduction.kind === 'dropped') return reduction.cause;
  draft.put(key, reduction.next, reduction.effects);
  return 'accepted';
}

interface Draft {
  readonly overlay: Map<string, RosterEntry>;
  readonly changes: DeviceChange[];
  get(key: string): RosterEntry | undefined;
  /** `effects` null: held in memory only, nothing is written. */
  put(key: string, next: RosterEntry, effects: readonly Effect[] | null): void;
  size(): number;
  collapsed(): readonly DeviceChange[];
}

/** What a batch would make of the roster, beside it until it is on disk. */
function createDraft(roster: ReadonlyMap<string, RosterEntry>): Draft {
  const overlay = new Map<string, RosterEntry>();
  const changes: DeviceChange[] = [];
  let added = 0;
  return {
    overlay,
    changes,
    get: (key) => overlay.get(key) ?? roster.get(key),
    put(key, next, effects) {
      if (!roster.has(key) && !overlay.has(key)) added++;
      overlay.set(key, next);
      const { fleet, id } = next.entry.item;
      if (effects !== null) changes.push({ fleet, device: id, entry: next.entry, effects });
    },
    size: () => roster.size + added,
    collapsed: () => collapse(changes),
  };
}

/** A device that changed several times needs its row there before its first effect and only its last state. */
function collapse(changes: readonly DeviceChange[]): readonly DeviceChange[] {
  const last = new Map<string, DeviceChange>();
  for (const change of changes) {
    if (change.entry !== null) last.set(rosterKey(change.fleet, change.device), change);
  }
  const seen = new Set<string>();
  return changes.map((change) => {
    const key = rosterKey(change.fleet, change.device);
    if (change.entry === null || seen.has(key)) return { ...change, entry: null };
    seen.add(key);
    return { ...change, entry: last.get(key)?.entry ?? change.entry };
  });
}
