// Devices as a table. Pure.
import { shortRevision } from '../../fleet/names.ts';
import type { DeviceItem } from '../api/schemas.ts';
import type { Paint } from './paint.ts';
import { table } from './table.ts';
import { ago } from './text.ts';

export function deviceTable(items: readonly DeviceItem[], now: number, paint: Paint, columns: number | null): string {
  const fleets = new Set(items.map(({ fleet }) => fleet)).size > 1;
  const rows = items.map((item) => [
    { text: fleets ? `${item.fleet}/${item.id}` : item.id, paint: paint.bold },
    { text: item.presence, paint: paint.state(item.presence) },
    { text: item.health, paint: paint.state(item.health) },
    { text: item.sync, paint: paint.state(item.sync) },
    { text: item.drift === 0 ? '-' : String(item.drift), paint: item.drift === 0 ? paint.dim : paint.warn },
    item.revision.applied === null ? '-' : shortRevision(item.revision.applied),
    ago(item.last_seen, now),
    { text: why(item), paint: item.reason === 'Succeeded' && item.clash !== true ? paint.dim : undefined },
  ]);
  return table(['DEVICE', 'PRESENCE', 'HEALTH', 'SYNC', 'DRIFT', 'REVISION', 'SEEN', 'WHY'], rows, columns);
}

function why(item: DeviceItem): string {
  if (item.clash === true) return 'Clash: two agents report as this device';
  // A diagnostic goes on with the line and a caret: "describe" shows those.
  const [first = ''] = item.message.split('\n');
  return first === '' ? item.reason : `${item.reason}: ${first}`;
}
