// Can this host's clock be believed? By the time service, and by the newest commit, which nobody can have made in the future.
import type { Finding } from './check.ts';
import { combine, type Part } from './run-checks.ts';

const DAY_MS = 24 * 3600 * 1000;
/** No build of this program is older. */
const FIRST_YEAR = 2025;
const LAST_YEAR = 2100;
const REMEDY = 'Switch on a time service (timedatectl set-ntp true, or chrony), and let it reach a time server.';

export interface ClockGiven {
  readonly now: () => Date;
  readonly synced: () => Promise<boolean>;
  /** When the newest commit was made; null: not known. */
  readonly committedMs: () => Promise<number | null>;
}

export async function checkClock({ now, synced, committedMs }: ClockGiven): Promise<Finding> {
  const isSynced = await synced();
  const newestMs = await committedMs();
  const time = now();
  const shown = time.toISOString().replace(/\.\d+Z$/, 'Z');
  const year = time.getUTCFullYear();
  if (year < FIRST_YEAR || year >= LAST_YEAR) {
    const remedy = `${REMEDY} With a wrong clock, certificates and signatures look invalid.`;
    return combine('clock', [{ verdict: 'failed', message: `it is ${shown} here, which cannot be`, remedy }]);
  }
  const parts: Part[] = [];
  if (newestMs !== null && newestMs - time.getTime() > DAY_MS)
    parts.push({
      verdict: 'warning',
      message: `it is ${shown} here, but the newest commit is from ${new Date(newestMs).toISOString().slice(0, 10)}: one of the two clocks is wrong`,
      remedy: REMEDY,
    });
  if (!isSynced)
    parts.push({
      verdict: 'warning',
      message: `it is ${shown} here, not confirmed by a time server since the start`,
      remedy: REMEDY,
    });
  if (parts.length > 0) return combine('clock', parts);
  return combine('clock', [{ verdict: 'ok', message: `it is ${shown} here`, remedy: null }]);
}
