// When maintenance windows open and close. The only user of croner, which computes here and never waits: no job is ever given.
// Where clocks go forward over an opening it opens right after the gap, where they go back it opens once; it lasts as long
// as any other by the stopwatch.
import { Cron } from 'croner';
import type { Window } from '../model/window.ts';

/** Some window is open at this instant. The end is not inside. */
export function isOpen(windows: readonly Window[], at: Date): boolean {
  return windows.some((window) => {
    const opened = opening(window, new Date(at.getTime() - window.durationMs));
    return opened !== null && opened <= at;
  });
}

/** The first instant after this one at which a window opens; null: none ever does again. */
export function nextOpening(windows: readonly Window[], at: Date): Date | null {
  const openings = windows.map((window) => opening(window, at)).filter((one) => one !== null);
  return openings.length === 0 ? null : new Date(Math.min(...openings.map((one) => one.getTime())));
}

/** `2026-11-28T02:00+01:00`, by the clock of the window that opens then. */
export function formatOpening(windows: readonly Window[], opens: Date): string {
  const just = new Date(opens.getTime() - 1);
  const window = windows.find((one) => opening(one, just)?.getTime() === opens.getTime());
  const parts = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone: window?.timeZone ?? 'UTC', hourCycle: 'h23', timeZoneName: 'longOffset' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
  }).formatToParts(opens);
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? '';
  const offset = of('timeZoneName').replace(/^GMT(\+00:00)?/, '') || 'Z';
  return `${of('year')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}${offset}`;
}

/** Why this is no window; null: it is one. */
export function windowFault({
  cron,
  timeZone,
}: Pick<Window, 'cron' | 'timeZone'>): 'cron' | 'time-zone' | 'never' | null {
  if (!isTimeZone(timeZone)) return 'time-zone';
  // `?` is the moment at which it is read, which is no schedule.
  if (!/^[\dA-Za-z*,/#-]+( +[\dA-Za-z*,/#-]+){4}$/.test(cron)) return 'cron';
  try {
    return opening({ cron, timeZone }, new Date(0)) === null ? 'never' : null;
  } catch {
    // Croner's way to say that it is no pattern.
    return 'cron';
  }
}

function opening({ cron, timeZone }: Pick<Window, 'cron' | 'timeZone'>, after: Date): Date | null {
  return new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true }).nextRun(after);
}

function isTimeZone(name: string): boolean {
  try {
    // An offset is none: it does not know of summer time, and is what nobody means.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
