// From when and until when a line of `allowed_signers` holds. Pure, but reads this process' time zone, as OpenSSH does for times
// without a Z. Git gives ssh-keygen the commit's time in words that lose summer time, so where a zone has one, Git's answer may be an
// hour off. Here a time passes only if it is right by the true clock and by Git's.

/** `utcMs`: the instant; `wallMs`: what a clock on the wall shows, as if it were UTC; null: the limit was given in UTC. */
export interface Limit {
  readonly text: string;
  readonly utcMs: number;
  readonly wallMs: number | null;
}

/** From here on every zone is past the epoch, which OpenSSH asks for. */
const FIRST_YEAR = 1971;
const MINUTE_MS = 60_000;

const TIME = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z|UTC)?$/i;

/** `YYYYMMDD[HHMM[SS]][Z]`; null: not such a time, a date that does not exist, or one before 1971. */
export function parseLimit(text: string): Limit | null {
  const parts = TIME.exec(text);
  if (parts === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const read = new Date(wallMs);
  const exists =
    read.getUTCMonth() === month - 1 &&
    read.getUTCDate() === day &&
    read.getUTCHours() === hour &&
    read.getUTCMinutes() === minute &&
    read.getUTCSeconds() === second;
  if (!exists || year < FIRST_YEAR) return null;
  if (parts[7] !== undefined) return { text, utcMs: wallMs, wallMs: null };
  return { text, utcMs: new Date(year, month - 1, day, hour, minute, second).getTime(), wallMs };
}

export function isAfter(timeMs: number, limit: Limit): boolean {
  return readings(timeMs, limit).every(([time, bound]) => time >= bound);
}

/** The limit itself still counts. */
export function isUpTo(timeMs: number, limit: Limit): boolean {
  return readings(timeMs, limit).every(([time, bound]) => time <= bound);
}

/** Pairs of a time and a limit, each of which has to be in order. */
function readings(timeMs: number, limit: Limit): readonly (readonly [number, number])[] {
  if (limit.wallMs !== null)
    return [
      [timeMs, limit.utcMs],
      [wallOf(timeMs), limit.wallMs],
    ];
  const summerMs = summerTimeMs(new Date(timeMs).getFullYear());
  return [timeMs - summerMs, timeMs, timeMs + summerMs].map((time) => [time, limit.utcMs]);
}

function wallOf(timeMs: number): number {
  return timeMs - new Date(timeMs).getTimezoneOffset() * MINUTE_MS;
}

/** By how much clocks differ between winter and summer of a year. */
function summerTimeMs(year: number): number {
  const offsets = [0, 6].map((month) => new Date(year, month, 1).getTimezoneOffset());
  return (Math.max(...offsets) - Math.min(...offsets)) * MINUTE_MS;
}
