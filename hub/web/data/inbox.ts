// Collects what the stream says between two repaints: the newest word on each device, the newest events, the newest
// summary. Bounded however fast the fleet talks. Pure and, for speed, mutable until it is taken.
import type { DeviceItem, EventItem, StreamEvents, Summary } from '../../api/schemas.ts';
import { DEVICES_MAX, deviceKey } from './device-list.ts';
import { EVENTS_MAX } from './event-log.ts';

export type StreamMessage = {
  [K in keyof StreamEvents]: { readonly kind: K; readonly value: StreamEvents[K] };
}[keyof StreamEvents];

export interface Batch {
  readonly devices: readonly DeviceItem[];
  readonly events: readonly EventItem[];
  readonly summary: Summary | null;
  /** More was said than is kept: what is on the screen has to be asked for again. */
  readonly overflow: boolean;
}

export interface Inbox {
  add(message: StreamMessage): void;
  /** Everything since the last time; the inbox is empty afterwards. */
  take(): Batch;
}

export function createInbox(limits = { devices: DEVICES_MAX, events: EVENTS_MAX }): Inbox {
  const devices = new Map<string, DeviceItem>();
  const events: EventItem[] = [];
  let summary: Summary | null = null;
  let overflow = false;
  return {
    add(message) {
      switch (message.kind) {
        case 'summary':
          summary = message.value;
          return;
        case 'event':
          events.push(message.value);
          if (events.length > limits.events) events.shift();
          return;
        case 'device': {
          const key = deviceKey(message.value);
          if (devices.size >= limits.devices && !devices.has(key)) overflow = true;
          else devices.set(key, message.value);
        }
      }
    },
    take() {
      const batch: Batch = { devices: [...devices.values()], events: [...events], summary, overflow };
      devices.clear();
      events.length = 0;
      summary = null;
      overflow = false;
      return batch;
    },
  };
}
