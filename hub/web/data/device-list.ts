// The fleet table's content: pages that the hub gave, kept true by what the stream says. Pure and immutable.
// The hub decides which devices a query finds; locally only what changes afterwards is judged.
import type { DeviceItem, DevicePage } from '../../api/schemas.ts';
import type { FleetQuery } from '../route/route.ts';

/** More rows than this are not kept; the least bad go first. */
export const DEVICES_MAX = 20_000;

export interface DeviceList {
  readonly items: ReadonlyMap<string, DeviceItem>;
  /** Cursor of the next page; null: everything is here. */
  readonly next: string | null;
}

export const EMPTY_LIST: DeviceList = { items: new Map(), next: null };

export function deviceKey(device: Pick<DeviceItem, 'fleet' | 'id'>): string {
  return `${device.fleet}/${device.id}`;
}

/** With one more page from the hub. */
export function withPage(list: DeviceList, page: DevicePage): DeviceList {
  const items = new Map(list.items);
  for (const item of page.items) items.set(deviceKey(item), item);
  return bounded({ items, next: page.next });
}

/**
 * With what the stream said. A device that no longer matches leaves; a new one enters only if it ranks within the
 * pages that are loaded, so that "load more" never shows holes.
 */
export function withDevices(list: DeviceList, devices: Iterable<DeviceItem>, query: FleetQuery): DeviceList {
  const items = new Map(list.items);
  const last = list.next === null ? undefined : worstFirst(list.items.values()).at(-1);
  for (const device of devices) {
    const key = deviceKey(device);
    if (isOlder(device, items.get(key))) continue;
    if (!matches(device, query)) items.delete(key);
    else if (items.has(key) || last === undefined || compareWorst(device, last) <= 0) items.set(key, device);
  }
  return bounded({ items, next: list.next });
}

export function worstFirst(devices: Iterable<DeviceItem>): DeviceItem[] {
  return [...devices].sort(compareWorst);
}

/** Does the device answer the query? As the hub does: text is looked for in id, fleet, labels, reason, message, apps. */
export function matches(device: DeviceItem, query: FleetQuery): boolean {
  if (query.sync !== null && device.sync !== query.sync) return false;
  if (query.health !== null && device.health !== query.health) return false;
  if (query.presence !== null && device.presence !== query.presence) return false;
  const labels = Object.entries(device.labels).map(([name, value]) => `${name}=${value}`);
  const apps = device.apps.map((app) => app.name);
  const texts = [device.id, device.fleet, device.reason, device.message, ...labels, ...apps];
  return texts.some((text) => text.toLowerCase().includes(query.q.toLowerCase()));
}

/** A word that was under way while a page was asked for must not undo the page. */
function isOlder(device: DeviceItem, known: DeviceItem | undefined): boolean {
  return known !== undefined && Date.parse(device.last_seen) < Date.parse(known.last_seen);
}

/** The hub's own order, which its pages come in; a test holds the two together. */
function compareWorst(a: DeviceItem, b: DeviceItem): number {
  return badness(a) - badness(b) || compareText(a.id, b.id) || compareText(a.fleet, b.fleet);
}

/** 0 is the worst. */
function badness(device: DeviceItem): number {
  if (device.health === 'Degraded') return 0;
  if (device.health === 'Missing') return 1;
  if (device.clash === true) return 2;
  if (device.presence !== 'online') return device.presence === 'offline' ? 3 : 4;
  if (device.sync === 'OutOfSync' || device.drift > 0) return 5;
  if (device.sync === 'Unknown') return 6;
  return CALM_HEALTH[device.health];
}

const CALM_HEALTH = { Unknown: 7, Progressing: 8, Suspended: 9, Healthy: 10 } as const;

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function bounded(list: DeviceList): DeviceList {
  if (list.items.size <= DEVICES_MAX) return list;
  const kept = worstFirst(list.items.values()).slice(0, DEVICES_MAX);
  return { items: new Map(kept.map((device) => [deviceKey(device), device])), next: null };
}
