// `windows:` of device.yaml, fleet.yaml and their apps: when changes may be applied.
import { type Keys, listReader, missingKey, type Reader, readKeys } from '../compose/read.ts';
import { below, shown, wrong } from '../compose/report.ts';
import { readDuration, readName } from '../compose/scalars.ts';
import type { Window } from '../model/window.ts';
import { windowFault } from '../window/window.ts';

/** Most windows of one app. */
export const MAX_WINDOWS = 32;
const MINUTE_MS = 60_000;
const LONGEST_MS = 7 * 24 * 60 * MINUTE_MS;

export interface WindowKeys {
  cron: string;
  /** Milliseconds. */
  duration: number;
  time_zone: string;
}

const readLength: Reader<number> = (node, where) => {
  const ns = readDuration(node, where);
  if (ns === undefined) return undefined;
  const ms = Math.round(ns / 1e6);
  return ms >= MINUTE_MS && ms <= LONGEST_MS ? ms : wrong(where, node.at, 'value', 'has to be from 1m to 168h');
};

export const WINDOW_KEYS: Keys<WindowKeys> = { cron: readName, duration: readLength, time_zone: readName };

const readWindow: Reader<Window> = (node, where) => {
  const fields = readKeys(node, where, WINDOW_KEYS);
  if (fields === undefined || node.kind !== 'map') return undefined;
  const { cron, duration, time_zone: timeZone = 'UTC' } = fields;
  if (!node.entries.has('cron')) missingKey(node, where, 'cron', 'add cron: "0 2 * * *", when it opens');
  if (!node.entries.has('duration')) missingKey(node, where, 'duration', 'add duration: 2h, how long it stays open');
  if (cron === undefined || duration === undefined) return undefined;
  const place = (key: string) => node.entries.get(key)?.value.at ?? node.at;
  switch (windowFault({ cron, timeZone })) {
    case 'time-zone': {
      const what = `"${shown(timeZone)}" is no time zone`;
      return wrong(
        below(where, 'time_zone'),
        place('time_zone'),
        'value',
        what,
        'write a name as Europe/Berlin or UTC',
      );
    }
    case 'cron': {
      const what = `"${shown(cron)}" is no schedule`;
      const hint = 'write minute, hour, day of the month, month and day of the week: "0 2 * * MON-FRI"';
      return wrong(below(where, 'cron'), place('cron'), 'value', what, hint);
    }
    case 'never':
      return wrong(
        below(where, 'cron'),
        place('cron'),
        'value',
        `"${shown(cron)}" never comes`,
        'name a day that there is',
      );
    case null:
      return { cron, durationMs: duration, timeZone };
  }
};

/** An empty list: changes are applied at any time. */
export const readWindows: Reader<readonly Window[]> = (node, where) => {
  const windows = listReader(readWindow)(node, where);
  if (windows === undefined || windows.length <= MAX_WINDOWS) return windows;
  return wrong(where, node.at, 'too-large', `more than ${MAX_WINDOWS} windows`);
};
