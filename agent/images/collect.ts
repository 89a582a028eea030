// Removes images that this agent pulled and that nothing uses any more: by age, or at once while a disk has to be relieved.
// Never by force, never a volume or a container, and a bounded number at once.
import { messageOf } from '../../fleet/error.ts';
import type { EngineImages } from '../docker/images.ts';
import type { Log } from '../loop/parts.ts';
import type { Store } from '../store/store.ts';
import { judgeImages, type Unused } from './unused.ts';

/** Of one run; the rest goes with the next. */
export const REMOVED_AT_ONCE = 20;

export interface CollectParts {
  readonly images: Pick<EngineImages, 'list' | 'used' | 'remove'>;
  readonly store: Pick<Store, 'broughtImages' | 'putBroughtImages'>;
  readonly log: Log;
}

export interface CollectGiven {
  /** References that states name. */
  readonly named: readonly string[];
  readonly elapsedS: number;
  readonly unusedForS: number;
  /** Is a disk to be relieved still? Asked before each image that is younger. */
  readonly isPressed: () => Promise<boolean>;
}

export async function collectImages(
  { images, store, log }: CollectParts,
  { named, elapsedS, unusedForS, isPressed }: CollectGiven,
  signal: AbortSignal,
): Promise<void> {
  if (store.broughtImages().length === 0) return;
  const [onHost, used] = await Promise.all([images.list(signal), images.used(signal)]);
  const judged = judgeImages({ brought: store.broughtImages(), onHost, used, named, elapsedS });
  store.putBroughtImages(judged.brought);
  for (const image of judged.unused.slice(0, REMOVED_AT_ONCE)) {
    const isOld = image.unusedS >= unusedForS;
    if (!isOld && !(await isPressed())) return;
    if (!(await removed(image))) continue;
    store.putBroughtImages(store.broughtImages().filter(({ id }) => id !== image.id));
    const why = isOld ? 'nothing has used it for long' : 'nothing uses it, and the disk is short of room';
    log('info', `removed image ${image.reference}: ${why}`, { image: image.id, unused_s: Math.round(image.unusedS) });
  }

  async function removed({ id, names, reference }: Unused): Promise<boolean> {
    try {
      for (const name of names) if (!(await images.remove(name, id, signal))) return false;
      return true;
    } catch (error) {
      signal.throwIfAborted();
      log('warn', `image ${reference}, which nothing uses, cannot be removed: ${messageOf(error)}`);
      return false;
    }
  }
}
