// Does an agent hold the state directory at this moment? Asked by commands that run beside it.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../files/confined.ts';
import { lockState } from '../store/lock.ts';

/** The lock is taken for the moment that it takes to see that it is free. */
export async function agentRuns(stateDir: string): Promise<boolean> {
  try {
    // Without its file nobody can hold it, and taking it would make one.
    await access(join(stateDir, 'lock.db'));
    lockState(stateDir)();
    return false;
  } catch (error) {
    return !isMissing(error);
  }
}
