// Device strings made safe and short for a terminal, and times as people say them. Pure.
import { stripVTControlCharacters } from 'node:util';

/** Control characters, line and direction tricks: a device must not be able to move the cursor or fake a line. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

/** One harmless line. */
export function safe(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\r\n\t]+/g, ' ')
    .replace(UNSAFE, '');
}

/** Several harmless lines, each indented: a diagnostic keeps its caret under its column. */
export function safeLines(text: string, indent: string): string {
  return text
    .split('\n')
    .map((line) => indent + safe(line))
    .join('\n');
}

/** `just now`, `3m ago`, `2h ago`, `5d ago`. */
export function ago(iso: string, now: number): string {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? 'never' : now - ms < 1000 ? 'just now' : `${age(now - ms)} ago`;
}

/** `45s`, `3m`, `2h`, `5d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** `1.5 GiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 device`, `2 devices`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A declared or live value on one line. */
export function show(value: unknown): string {
  if (value === null) return 'nothing';
  return safe(typeof value === 'string' ? value : JSON.stringify(value));
}
