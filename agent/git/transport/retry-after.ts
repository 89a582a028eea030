// How long a server asks to be left alone. Pure; knows no clock where the answer brings its own.
import type { IncomingHttpHeaders } from 'node:http';

/** No server keeps a device away for longer: its own next poll comes anyway. */
export const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;

/**
 * `Retry-After` in milliseconds, at most an hour; null: not said, or not understood. A date is compared with the
 * answer's own `Date`, so that a host whose clock is wrong understands it too; `nowMs` only where there is none.
 * Source: RFC 9110, 10.2.3.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, nowMs: number): number | null {
  const said = headers['retry-after']?.trim() ?? '';
  if (/^\d+$/.test(said)) return Math.min(Number(said) * 1000, MAX_RETRY_AFTER_MS);
  // Date.parse takes much for a date; a header's date begins with the day of the week.
  const until = /^[A-Z][a-z]{2}/.test(said) ? Date.parse(said) : Number.NaN;
  if (Number.isNaN(until)) return null;
  const sent = Date.parse(headers.date ?? '');
  return Math.min(Math.max(0, until - (Number.isNaN(sent) ? nowMs : sent)), MAX_RETRY_AFTER_MS);
}
