// Sizes and times of a difference in the units that people write. Steps keep the numbers that are compared.
import type { Difference, Value } from '../model/plan.ts';
import { formatDifference, formatValue, shown } from './text.ts';

const BYTES: ReadonlySet<string> = new Set(['mem_limit', 'mem_reservation', 'memswap_limit', 'shm_size']);
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `mem_limit: 64 MiB → 128 MiB` */
export function inUnits(difference: Difference): string {
  return formatDifference(withUnits(difference));
}

/** `mem_limit is 32 MiB, declared is 64 MiB`: what a drift event says. */
export function formatDrift(difference: Difference): string {
  if (difference.kind === 'missing') return 'not there';
  const { field, desired, observed } = withUnits(difference);
  if (field === null) return `${formatValue(observed)} is not declared`;
  return `${field} is ${shown(field, observed)}, declared is ${shown(field, desired)}`;
}

/** What would look the same in units keeps its numbers. */
function withUnits(difference: Difference): Difference {
  if (difference.field === null || !BYTES.has(difference.field)) return difference;
  const [desired, observed] = [sized(difference.desired), sized(difference.observed)];
  return desired === observed ? difference : { ...difference, desired, observed };
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
