// A device after a batch of the stream: its line in the fleet and its events at once, its status when the hub is
// asked again. Pure.
import type { Device } from '../../../api/schemas.ts';
import { deviceKey } from '../../data/device-list.ts';
import { withEvents } from '../../data/event-log.ts';
import type { Batch } from '../../data/inbox.ts';

/** Events that a device page shows. */
export const DEVICE_EVENTS_MAX = 100;

export function withDeviceBatch(device: Device, batch: Batch): { readonly value: Device; readonly again: boolean } {
  const line = batch.devices.find((item) => deviceKey(item) === deviceKey(device));
  const log = { items: device.events, next: null };
  const mine = batch.events.filter((event) => event.fleet === device.fleet);
  const { items } = withEvents(log, mine, { severity: null, device: device.id });
  if (line === undefined && items === device.events) return { value: device, again: false };
  return { value: { ...device, ...line, events: items.slice(0, DEVICE_EVENTS_MAX) }, again: line !== undefined };
}
