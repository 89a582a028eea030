// Failures of the disk below `<state>/git` as our own errors.
import { HoldfastError } from '../../../fleet/error.ts';
import { diskTrouble } from '../../host/disk-trouble.ts';

/** Throws `StateUnavailable` or `DiskPressure` when the folder cannot be used. */
export async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(folder, error);
  }
}

/** A disk failure as our own error; anything else as it is. */
export function diskError(folder: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const advice = diskTrouble(error);
  if (advice !== null)
    return new HoldfastError('DiskPressure', `${folder} cannot be written (${code}). ${advice}`, { cause: error });
  if (/^(EACCES|EPERM|ENOTDIR|EMFILE)$/.test(code))
    return new HoldfastError('StateUnavailable', `${folder} cannot be written (${code}).`, { cause: error });
  return error;
}
