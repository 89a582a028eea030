// Removes content that nothing declares any more. Tolerant: a failing disk must not fail the cycle that tidies up.
// Never follows a symbolic link, and touches nothing outside the content folder.
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { kindAt } from './confined.ts';
import { removeQuietly } from './disk.ts';

/** Entries that one call removes at most; the rest is there the next time. */
export const REMOVED_AT_ONCE = 1000;

export async function collectContent(root: string, keep: ReadonlySet<string>): Promise<number> {
  let removed = 0;
  for (const name of await unwanted(root, keep)) {
    const place = join(root, name);
    await removeQuietly(place);
    if ((await kindAt(place).catch(() => 'other')) === null) removed++;
  }
  return removed;
}

async function unwanted(root: string, keep: ReadonlySet<string>): Promise<string[]> {
  const names: string[] = [];
  try {
    if ((await kindAt(root)) !== 'folder') return [];
    for await (const { name } of await opendir(root)) {
      if (!keep.has(name)) names.push(name);
      if (names.length >= REMOVED_AT_ONCE) break;
    }
  } catch {
    // Unreadable now: whatever was found before is still right to remove.
  }
  return names;
}
