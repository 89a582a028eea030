// Sizes and times of a difference in the units that people write. Steps keep the numbers that are compared.
import type { Difference, Value } from '../model/plan.ts';
import { formatDifference } from './text.ts';

const BYTES: ReadonlySet<string> = new Set(['mem_limit', 'mem_reservation', 'memswap_limit', 'shm_size']);
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `mem_limit: 64 MiB → 128 MiB` */
export function inUnits(difference: Difference): string {
  if (difference.field === null || !BYTES.has(difference.field)) return formatDifference(difference);
  const { desired, observed } = difference;
  return formatDifference({ ...difference, desired: sized(desired), observed: sized(observed) });
}

function sized(value: Value): Value {
  if (value === 0) return 'none';
  return typeof value === 'number' && value > 0 ? formatSize(value) : value;
}

/** `64 MiB`, `1.5 GiB` */
export function formatSize(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** As registries count: `12.3 MB`. */
export function formatBytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `0.5 s`, `3 s`, `2 min` */
export function formatAbout(ms: number): string {
  if (ms < 1000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
