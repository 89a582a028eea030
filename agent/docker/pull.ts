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
import { createProgress, type PullEvent, type PullProgress } from './pull-progress.ts';
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

export interface PullOptions {
  readonly limits: PullLimits;
  readonly log: Log;
  /** Value of `X-Registry-Auth`; null: nobody logs in. */
  readonly login?: string | null;
  /** Told every few seconds how far it is. */
  readonly onProgress?: (progress: PullProgress) => void;
}

export interface PulledImage {
  readonly id: string;
  /** It was not on the host as it is now. */
  readonly isNew: boolean;
}

/** Throws `ImagePullFailed` with the cause, `DiskPressure` when the Engine's disk is full, `DockerUnavailable` when it is lost. */
export async function pullImage(
  connection: Connection,
  { image, platform }: Pick<StepOf<'pull-image'>, 'image' | 'platform'>,
  { limits, log, login = null, onProgress = () => undefined }: PullOptions,
  signal: AbortSignal,
): Promise<PulledImage> {
  const host = await connection.info(signal);
  const what = `pull image ${image}`;
  const { digest, isNew } = await withDeadline({ what, ms: limits.totalMs, late: LATE, signal }, (inner) =>
    connection.stream(
      {
        method: 'POST',
        path: '/images/create',
        query: { ...pullName(image), ...(platform === undefined ? {} : { platform }) },
        what,
        ...(login === null ? {} : { headers: { 'X-Registry-Auth': login } }),
        deadlineMs: limits.idleMs,
        late: LATE,
        signal: inner,
      },
      (chunks) =>
        followPull(image, idleBounded(chunks, what, limits.idleMs, inner), createProgress(image, log, onProgress)),
      (answer) => failed(image, engineMessage(answer)),
    ),
  );
  return { id: await confirm(connection, { image, platform, digest }, host, signal), isNew };
}

interface Followed {
  /** null: the stream named none, but ended well. */
  readonly digest: string | null;
  readonly isNew: boolean;
}

async function followPull(
  image: string,
  chunks: AsyncIterable<Uint8Array>,
  progress: (event: PullEvent, text: string) => void,
): Promise<Followed> {
  let digest: string | null = null;
  let isNew = false;
  let finished = false;
  for await (const line of readNdjson(chunks)) {
    const event = line as PullEvent;
    const error = event.errorDetail?.message ?? event.error;
    if (error !== undefined) throw failed(image, String(error));
    const text = typeof event.status === 'string' ? event.status : '';
    digest = /^Digest: (\S+:[0-9a-f]{32,})$/.exec(text)?.[1] ?? digest;
    isNew ||= text.startsWith('Status: Downloaded newer image');
    finished ||= digest !== null || text.startsWith('Status: ');
    progress(event, text);
  }
  if (!finished) throw failed(image, 'the Engine ended the pull early, without saying that the image is complete');
  return { digest, isNew };
}

interface Pulled {
  readonly image: string;
  readonly platform: string | undefined;
  /** null: the Engine named none. */
  readonly digest: string | null;
}

/** The id of the image. */
async function confirm(
  connection: Connection,
  { image, platform: asked, digest }: Pulled,
  host: EngineInfo,
  signal: AbortSignal,
): Promise<string> {
  // Asked without, newer Engines show what the image has for the host.
  const shown = asked !== undefined && atLeast(host.apiVersion, '1.49') ? platformWords(asked) : undefined;
  const inspect = await inspectImage(connection, image, signal, shown);
  if (inspect === null) throw failed(image, 'the Engine reported success, but the image is not on the host');
  const digests = inspect.RepoDigests ?? [];
  if (digest !== null && digests.length > 0 && !digests.some((known) => known.endsWith(`@${digest}`))) {
    throw failed(image, `the Engine pulled ${digest}, but the reference resolves to ${digests.join(', ')}`);
  }
  if (asked !== undefined) {
    if (isForPlatform(inspect, asked)) return inspect.Id;
    throw failed(image, `it is built for ${inspect.Os}/${inspect.Architecture}, and not for ${asked}`);
  }
  const platform = { os: inspect.Os ?? '', arch: inspect.Architecture ?? '' };
  if (!fitsHost(platform, host)) {
    throw failed(
      image,
      `it is built for ${platform.os}/${platform.arch} and this host is ${host.os}/${host.arch}; publish it for this architecture`,
    );
  }
  return inspect.Id;
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
