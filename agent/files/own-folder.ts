// Is a folder ours alone? Whoever made it first, or can write to it or above it, could read what is written there or put
// something else in its place.
import { chmod, lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../../fleet/error.ts';

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** The folder, which is closed to others, and the two above it. Throws `StateUnavailable` naming what somebody else could change. */
export async function ensureOwn(folder: string): Promise<void> {
  const above = dirname(folder);
  for (const place of [folder, above, dirname(above)]) {
    const [named, meant] = [await lstat(place), await stat(place)];
    const isOurs = [named, meant].every(({ uid }) => uid === 0 || uid === process.geteuid?.());
    // In a sticky folder others can add names, but take none away.
    const isOpen = (meant.mode & OTHERS_WRITE) !== 0 && (meant.mode & STICKY) === 0;
    if (isOurs && (!isOpen || place === folder)) continue;
    const what = isOurs ? 'can be written to by others' : 'belongs to somebody else';
    throw new HoldfastError(
      'StateUnavailable',
      `${place} ${what}, and secrets would lie in it. Remove it, or set runtime_dir to a folder of root alone, such as /run/holdfast.`,
    );
  }
  if (((await stat(folder)).mode & OTHERS) !== 0) await chmod(folder, 0o700);
}
