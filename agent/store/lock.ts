// One agent per state directory. The lock is an open SQLite transaction on a file of its own, so the kernel drops it
// with the process, however that ends, and readers of the state are never in its way.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HoldfastError } from '../../fleet/error.ts';
import { isBusy, stateError } from './failure.ts';

/** Returns the release. Throws `StateUnavailable` when another agent holds the directory. */
export function lockState(stateDir: string): () => void {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(join(stateDir, 'lock.db'), { timeout: 0 });
    // In memory: the lock file is never written, so nothing is left to recover.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return () => db?.close();
  } catch (error) {
    db?.close();
    if (isBusy(error))
      throw new HoldfastError(
        'StateUnavailable',
        `another agent uses ${stateDir}. Stop it, or give this one a state_dir of its own.`,
      );
    throw stateError(stateDir, error);
  }
}
