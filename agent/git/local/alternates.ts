// The `objects` folders of a repository: its own, and those that it borrows from. Source: gitrepository-layout
// (objects/info/alternates).
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError } from '../../../fleet/error.ts';
import { isAbsent, localError, readText } from './files.ts';

const MOST_DEPTH = 5;
const MOST_FOLDERS = 64;
const ALTERNATES_BYTES = 64 * 1024;

/** Its own first. Throws `GitContentRefused` beyond what Git itself follows. */
export async function objectFolders(own: string): Promise<readonly string[]> {
  const found = new Map<string, string>();
  await add(own, 0);
  return [...found.values()];

  async function add(folder: string, depth: number): Promise<void> {
    const real = await realOrNull(folder);
    // One that is gone is as good as empty, as for Git; one that leads back here is here already.
    if (real === null || found.has(real)) return;
    if (depth > MOST_DEPTH || found.size >= MOST_FOLDERS)
      throw new HoldfastError(
        'GitContentRefused',
        `${own} borrows objects over more than ${MOST_DEPTH} steps or ${MOST_FOLDERS} folders (objects/info/alternates). Run "git repack -a -d" there, and remove the file.`,
      );
    found.set(real, folder);
    const text = await readText(`${folder}/info/alternates`, ALTERNATES_BYTES);
    for (const line of text?.split('\n') ?? [])
      if (line !== '' && !line.startsWith('#')) await add(resolve(folder, line), depth + 1);
  }
}

async function realOrNull(folder: string): Promise<string | null> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw localError(folder, error);
  }
}
