// Whether this host's clock can be believed. Reported, and maintenance windows go by it. Asks no time server.
import { access } from 'node:fs/promises';

/** systemd-timesyncd creates this once it has set the clock. */
const TIMESYNC_MARK = '/run/systemd/timesync/synchronized';

/** No build of this program is older: a clock before it has certainly never been set. */
const BUILT_AFTER_YEAR = 2025;
/** Beyond it the clock is broken rather than late. */
const BEFORE_YEAR = 2100;

export interface Clock {
  /**
   * False: the year is impossible, or systemd-timesyncd runs and has not set the clock since boot. Otherwise true. Other time services
   * (chrony, ntpd) leave no mark of this boot that could be read without asking them: with those, the year alone decides.
   */
  synced(): Promise<boolean>;
}

/** `exists` and `now` are arguments for tests. */
export function createClock(given: { now?: () => Date; exists?: (path: string) => Promise<boolean> } = {}): Clock {
  const now = given.now ?? (() => new Date());
  const exists = given.exists ?? pathExists;
  return {
    async synced() {
      const year = now().getUTCFullYear();
      if (year < BUILT_AFTER_YEAR || year >= BEFORE_YEAR) return false;
      if (await exists(TIMESYNC_MARK)) return true;
      // timesyncd runs (its folder is there) and has not succeeded yet.
      return !(await exists('/run/systemd/timesync'));
    },
  };
}

async function pathExists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // Absent or not readable: both mean that there is no mark.
    return false;
  }
}
