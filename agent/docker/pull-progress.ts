// How far a pull is, out of the Engine's stream: layers that are being downloaded, and those that are there.
import type { Log } from './pull.ts';

export interface PullEvent {
  readonly status?: unknown;
  readonly id?: unknown;
  readonly error?: unknown;
  readonly errorDetail?: { readonly message?: unknown };
  readonly progressDetail?: { readonly current?: unknown; readonly total?: unknown };
}

export interface PullProgress {
  readonly doneBytes: number;
  /** Of the layers whose download has begun. */
  readonly totalBytes: number;
}

/** Says how far the download is, at most once per `PROGRESS_MS`. */
export function createProgress(
  image: string,
  log: Log,
  tell: (progress: PullProgress) => void,
): (event: PullEvent, text: string) => void {
  const layers = new Map<string, { done: number; total: number }>();
  let complete = 0;
  let loggedAt = performance.now();
  return (event, text) => {
    if (typeof event.id !== 'string' || (layers.size >= LAYERS_CAP && !layers.has(event.id))) return;
    const { current, total } = event.progressDetail ?? {};
    if (text === 'Downloading' && typeof current === 'number' && typeof total === 'number') {
      layers.set(event.id, { done: current, total });
    }
    if (text === 'Pull complete' || text === 'Already exists') complete++;
    if (performance.now() - loggedAt < PROGRESS_MS) return;
    loggedAt = performance.now();
    const sums = { bytes_done: 0, bytes_total: 0 };
    for (const layer of layers.values()) {
      sums.bytes_done += layer.done;
      sums.bytes_total += layer.total;
    }
    tell({ doneBytes: sums.bytes_done, totalBytes: sums.bytes_total });
    log(`pulling ${image}`, { image, ...sums, layers_complete: complete, layers: layers.size });
  };
}

const PROGRESS_MS = 2_000;
/** Images have at most 127 layers; a stream that names more is not believed. */
const LAYERS_CAP = 256;
