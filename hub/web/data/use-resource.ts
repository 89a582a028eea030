// Something that the hub is asked for once and that the stream keeps true afterwards. Asks again when the line was
// down, and at most once in `againMs` when a batch says that the answer is old. An answer that fails keeps the old
// value, and is asked for again by itself unless the hub refused.
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { HubError } from './client.ts';
import type { Batch } from './inbox.ts';
import type { Session } from './session.ts';
import { useSession } from './use-session.ts';

const RETRY_MS = 5000;
/** Batches that may come in while an answer is under way. */
const WAITING_MAX = 100;

export interface ResourceState<T> {
  /** null: no answer yet. */
  readonly value: T | null;
  readonly loading: boolean;
  /** Of the last try; null: it worked. */
  readonly error: { readonly status: number; readonly message: string } | null;
}

export interface Asked<T> {
  /** Shortest time between a batch that says "ask again" and asking. */
  readonly againMs: number;
  /** `before`: what is shown now, to be asked for in the same length. */
  load(signal: AbortSignal, before: T | null): Promise<T>;
  /** The value after a batch; `again`: only the hub knows. */
  fold(value: T, batch: Batch): { readonly value: T; readonly again: boolean };
}

export interface Resource<T> {
  readonly state: Signal<ResourceState<T>>;
  reload(): void;
}

/** Loads when `key` changes. */
export function useResource<T>(key: string, asked: Asked<T>): Resource<T> {
  const session = useSession();
  const state = useSignal<ResourceState<T>>({ value: null, loading: true, error: null });
  const current = useRef(asked);
  current.current = asked;
  const reload = useRef<() => void>(() => undefined);
  // The key alone says when to ask anew: `asked` is another object at every render.
  useEffect(() => {
    const running = follow(session, state, current);
    reload.current = running.reload;
    return running.stop;
  }, [key, session, state]);
  return { state, reload: () => reload.current() };
}

function follow<T>(session: Session, state: Signal<ResourceState<T>>, asked: { readonly current: Asked<T> }) {
  const life = new AbortController();
  let round = new AbortController();
  let waiting: Batch[] | null = null;
  let timer: number | undefined;

  async function load(): Promise<void> {
    round.abort();
    round = new AbortController();
    const signal = AbortSignal.any([life.signal, round.signal]);
    waiting = [];
    state.value = { ...state.value, loading: true };
    try {
      const value = await asked.current.load(signal, state.value.value);
      if (signal.aborted) return;
      state.value = { value, loading: false, error: null };
      const missed: Batch[] = waiting ?? [];
      waiting = null;
      for (const batch of missed) take(batch);
    } catch (error) {
      if (signal.aborted) return;
      waiting = null;
      const failed = errorOf(error);
      state.value = { ...state.value, loading: false, error: failed };
      if (failed.status === 0 || failed.status >= 500) timer ??= window.setTimeout(again, RETRY_MS);
    }
  }
  function take(batch: Batch): void {
    if (waiting !== null && waiting.length < WAITING_MAX) waiting.push(batch);
    const { value } = state.value;
    if (value === null) return;
    const folded = asked.current.fold(value, batch);
    if (folded.value !== value) state.value = { ...state.value, value: folded.value };
    if (folded.again || batch.overflow) timer ??= window.setTimeout(again, asked.current.againMs);
  }
  function again(): void {
    timer = undefined;
    void load();
  }
  const unlisten = session.listen({ batch: take, refresh: () => void load() });
  void load();
  return {
    reload: () => void load(),
    stop: () => {
      unlisten();
      window.clearTimeout(timer);
      life.abort();
    },
  };
}

function errorOf(error: unknown): { status: number; message: string } {
  if (error instanceof HubError) return { status: error.status, message: error.message };
  return { status: 0, message: error instanceof Error ? error.message : String(error) };
}
