// Carries out pulls, a few at once, whoever asks: logs in where the owner of the host gave a login, remembers what came, says how far it is, and leaves a
// registry alone for a while after a failure, however often the loop comes round.
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import { parseImage } from '../../fleet/image-reference.ts';
import type { StepOf } from '../../fleet/model/plan.ts';
import { formatBytes } from '../../fleet/units.ts';
import { type Backoff, backoffMs } from '../backoff.ts';
import type { EngineImages } from '../docker/images.ts';
import type { PullProgress } from '../docker/pull-progress.ts';
import { readEngineLogin } from '../registry/docker-files.ts';
import type { Store } from '../store/store.ts';
import { diskNeed } from './room.ts';
import { createTurns } from './turns.ts';

const RETRY: Backoff = { firstMs: 2_000, capMs: 60_000 };
/** A registry that counts pulls does so over hours; one that names its time is believed, up to this. */
const TOO_MANY_MS = 60_000;
const LONGEST_QUIET_MS = 3_600_000;
/** Oldest forgotten first; an image that is forgotten is not collected. */
export const BROUGHT_CAP = 1000;
const QUIET_CAP = 256;

export interface PullParts {
  readonly images: Pick<EngineImages, 'pull'>;
  readonly store: Pick<Store, 'broughtImages' | 'putBroughtImages'>;
  /** Docker's config.json; absent: nobody logs in. */
  readonly dockerConfig: string | undefined;
  /** `limits.pulls` */
  readonly parallel: number;
  readonly monotonicMs: () => number;
  readonly random: () => number;
}

export interface Pulls {
  /** Waits for its turn. Throws what the Engine's pull throws; the same again, unasked, while the registry is left alone. */
  pull(step: StepOf<'pull-image'>, signal: AbortSignal): Promise<void>;
  /** `pulling nginx:1.27: 12.3 MB of 45.6 MB`; null: nothing is being pulled. */
  progress(): string | null;
  /** What those under way, and those that wait for their turn, will still write to the disk. */
  comingBytes(): number;
}

interface Quiet {
  readonly failures: number;
  readonly untilMs: number;
  readonly error: HoldfastError;
}

export function createPulls({ images, store, dockerConfig, parallel, monotonicMs, random }: PullParts): Pulls {
  const turns = createTurns(parallel);
  const running = new Map<StepOf<'pull-image'>, PullProgress>();
  const quiets = new Map<string, Quiet>();

  return {
    async pull(step, signal) {
      const { id, image } = step;
      const quiet = quiets.get(id);
      const leftMs = (quiet?.untilMs ?? 0) - monotonicMs();
      if (quiet !== undefined && leftMs > 0) throw quiet.error;
      running.set(step, { doneBytes: 0, totalBytes: step.pullBytes ?? 0 });
      try {
        const login = await loginFor(image);
        const onProgress = ({ doneBytes, totalBytes }: PullProgress) =>
          running.set(step, { doneBytes, totalBytes: Math.max(totalBytes, step.pullBytes ?? 0) });
        const pulled = await turns.take(signal, () => images.pull(step, { login, onProgress }, signal));
        quiets.delete(id);
        if (pulled.isNew) remember(pulled.id, image);
      } catch (error) {
        if (!signal.aborted && error instanceof HoldfastError && error.code === 'ImagePullFailed')
          leaveAlone(id, error, (quiet?.failures ?? 0) + 1);
        throw error;
      } finally {
        running.delete(step);
      }
    },
    progress() {
      const [first, ...others] = running;
      if (first === undefined) return null;
      const [{ image }, { doneBytes, totalBytes }] = first;
      const far =
        totalBytes > 0 ? `: ${formatBytes(Math.min(doneBytes, totalBytes))} of ${formatBytes(totalBytes)}` : '';
      return `pulling ${image}${far}${others.length > 0 ? `, and ${others.length} more` : ''}`;
    },
    comingBytes: () =>
      [...running.values()].reduce(
        (sum, { doneBytes, totalBytes }) => sum + Math.max(0, diskNeed(totalBytes) - doneBytes),
        0,
      ),
  };

  async function loginFor(image: string): Promise<string | null> {
    const reference = parseImage(image);
    if (dockerConfig === undefined || reference === null) return null;
    return readEngineLogin(dockerConfig, reference.host);
  }

  function remember(id: string, reference: string): void {
    const others = store.broughtImages().filter((image) => image.id !== id || image.reference !== reference);
    store.putBroughtImages([...others, { id, reference, unusedS: 0 }].slice(-BROUGHT_CAP));
  }

  function leaveAlone(id: string, error: HoldfastError, failures: number): void {
    const ownMs = backoffMs(RETRY, failures - 1, random());
    const untilMs = monotonicMs() + Math.max(ownMs, quietMs(messageOf(error)));
    quiets.delete(id);
    quiets.set(id, { failures, untilMs, error });
    for (const oldest of quiets.keys()) if (quiets.size > QUIET_CAP) quiets.delete(oldest);
  }
}

/** How long a registry wants to be left alone, by what the Engine repeats of its answer. */
export function quietMs(message: string): number {
  if (!/toomanyrequests|too many requests|\b429\b/i.test(message)) return 0;
  const [, amount, unit = 's'] = /retry[- ]after:?\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\b/i.exec(message) ?? [];
  if (amount === undefined) return TOO_MANY_MS;
  const ms = Number(amount) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit.toLowerCase()] ?? 1000);
  return Math.min(LONGEST_QUIET_MS, ms);
}
