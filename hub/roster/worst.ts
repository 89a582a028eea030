// How bad a device's state is, for "worst first". Pure.
import type { DeviceItem } from '../api/schemas.ts';

/** From here on nothing is wrong. */
export const FINE = 8;

type Judged = Pick<DeviceItem, 'health' | 'presence' | 'sync' | 'drift' | 'clash'>;

/** 0 is the worst. Running badly comes before not being heard of, and that before merely differing. */
export function badness(item: Judged): number {
  if (item.health === 'Degraded') return 0;
  if (item.health === 'Missing') return 1;
  if (item.clash === true) return 2;
  if (item.presence === 'offline') return 3;
  if (item.presence === 'stale') return 4;
  if (item.sync === 'OutOfSync' || item.drift > 0) return 5;
  if (item.sync === 'Unknown') return 6;
  if (item.health === 'Unknown') return 7;
  if (item.health === 'Progressing') return FINE;
  if (item.health === 'Suspended') return FINE + 1;
  return FINE + 2;
}
