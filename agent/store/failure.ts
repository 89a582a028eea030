// What SQLite's failures mean for an agent: busy, corrupt, full, or simply unusable.
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import { diskTrouble } from '../host/disk-trouble.ts';

// Primary result codes, sqlite3.h.
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

export function isBusy(error: unknown): boolean {
  return primaryCode(error) === BUSY;
}

export function isCorrupt(error: unknown): boolean {
  const code = primaryCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** The failure as one of ours, naming the state directory. */
export function stateError(stateDir: string, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const why = messageOf(error);
  const advice = diskTrouble(error);
  if (advice !== null)
    return new HoldfastError('DiskPressure', `${stateDir} cannot be used: ${why}. ${advice}`, { cause: error });
  return new HoldfastError('StateUnavailable', `${stateDir} cannot be used: ${why}.`, { cause: error });
}

function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}
