// Pulls one image: reads the Engine's progress stream itself, bounds its silence, and believes only what inspect confirms.
// An error may come as a status, inside a 200, or as a stream that just ends. Must not retry.
import { HoldfastError } from '../../fleet/error.ts';
import type { EngineInfo } from '../../fleet/model/observed.ts';
import type { StepOf } from '../../fleet/model/plan.ts';
import { isForPlatform, platformWords } from '../../fleet/reconcile/attributes/surroundings.ts';
import { atLeast } from '../../fleet/reconcile/features.ts';
import type { Connection } from './connection.ts';
import { withDeadline } from './deadline.ts';
import { engineMessage, isDiskFull } from './failure.ts';
import { readNdjson } from './ndjson.ts';
import { inspectImage } from './observe.ts';
import { fitsHost, pullName } from './reference.ts';

export interface PullLimits {
  /** Longest silence of the stream: unpacking a large layer on slow storage is silent for a while. */
  readonly idleMs: number;
  /** A few gigabytes over a slow mobile link. */
  readonly totalMs: number;
}

export const PULL_LIMITS: PullLimits = { idleMs: 180_000, totalMs: 12 * 3_600_000 };

/** The Engine answered just before: what is silent is the registry. */
const LATE = 'ImagePullFailed';

export type Log = (message: string, fields?: object) => void;

/** Throws `ImagePullFailed` with the cause, `DiskPressure` when the Engine's disk is full, `DockerUnavailable` when it is lost. */
export async function pullImage(
  connection: Connection,
  { image, platform }: Pick<StepOf<'pull-image'>, 'image' | 'platform'>,
  limits: PullLimits,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const host = await connection.info(signal);
  const what = `pull image ${image}`;
  const digest = await withDeadline({ what, ms: limits.totalMs, late: LATE, signal }, (inner) =>
    connection.stream(
      {
        method: 'POST',
        path: '/images/create',
        query: { ...pullName(image), ...(platform === undefined ? {} : { platform }) },
        what,
        deadlineMs: limits.idleMs,
        late: LATE,
        signal: inner,
      },
      (chunks) => followPull(image, idleBounded(chunks, what, limits.idleMs, inner), log),
      (answer) => failed(image, engineMessage(answer)),
    ),
  );
  await confirm(connection, { image, platform, digest }, host, signal);
}

/** The digest that the stream named, or null when it named none but ended well. */
async function followPull(image: string, chunks: AsyncIterable<Uint8Array>, log: Log): Promise<string | null> {
  const progress = createProgress(image, log);
  let digest: string | null = null;
  let finished = false;
  for await (const line of readNdjson(chunks)) {
    const event = line as PullEvent;
    const error = event.errorDetail?.message ?? event.error;
    if (error !== undefined) throw failed(image, String(error));
    const text = typeof event.status === 'string' ? event.status : '';
    digest = /^Digest: (\S+:[0-9a-f]{32,})$/.exec(text)?.[1] ?? digest;
    finished ||= digest !== null || text.startsWith('Status: ');
    progress(event, text);
  }
  if (!finished) throw failed(image, 'the Engine ended the pull early, without saying that the image is complete');
  return digest;
}

interface Pulled {
  readonly image: string;
  readonly platform: string | undefined;
  /** null: the Engine named none. */
  readonly digest: string | null;
}

async function confirm(
  connection: Connection,
  { image, platform: asked, digest }: Pulled,
  host: EngineInfo,
  signal: AbortSignal,
): Promise<void> {
  // Asked without, newer Engines show what the image has for the host.
  const shown = asked !== undefined && atLeast(host.apiVersion, '1.49') ? platformWords(asked) : undefined;
  const inspect = await inspectImage(connection, image, signal, shown);
  if (inspect === null) throw failed(image, 'the Engine reported success, but the image is not on the host');
  const digests = inspect.RepoDigests ?? [];
  if (digest !== null && digests.length > 0 && !digests.some((known) => known.endsWith(`@${digest}`))) {
    throw failed(image, `the Engine pulled ${digest}, but the reference resolves to ${digests.join(', ')}`);
  }
  if (asked !== undefined) {
    if (isForPlatform(inspect, asked)) return;
    throw failed(image, `it is built for ${inspect.Os}/${inspect.Architecture}, and not for ${asked}`);
  }
  const platform = { os: inspect.Os ?? '', arch: inspect.Architecture ?? '' };
  if (!fitsHost(platform, host)) {
    throw failed(
      image,
      `it is built for ${platform.os}/${platform.arch} and this host is ${host.os}/${host.arch}; publish it for this architecture`,
    );
  }
}

interface PullEvent {
  readonly status?: unknown;
  readonly id?: unknown;
  readonly error?: unknown;
  readonly errorDetail?: { readonly message?: unknown };
  readonly progressDetail?: { readonly current?: unknown; readonly total?: unknown };
}

/** Silence counts from byte to byte, so a slow pull that moves is never cut. */
async function* idleBounded(
  chunks: AsyncIterable<Uint8Array>,
  what: string,
  ms: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    const next = await withDeadline({ what: `${what}: any progress`, ms, late: LATE, signal }, () => iterator.next());
    if (next.done === true) return;
    yield next.value;
  }
}

/** Says how far the download is, at most once per `PROGRESS_MS`. */
function createProgress(image: string, log: Log): (event: PullEvent, text: string) => void {
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
    log(`pulling ${image}`, { image, ...sums, layers_complete: complete, layers: layers.size });
  };
}

const PROGRESS_MS = 2_000;
/** Images have at most 127 layers; a stream that names more is not believed. */
const LAYERS_CAP = 256;

function failed(image: string, why: string): HoldfastError {
  const cause = why.trim();
  if (isDiskFull(cause)) {
    return new HoldfastError(
      'DiskPressure',
      `No room on the Engine's disk for image ${image}: ${cause}. Free space on the host.`,
    );
  }
  return new HoldfastError('ImagePullFailed', `Image ${image} cannot be pulled: ${cause}`);
}
