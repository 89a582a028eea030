// GET /api/v1/stream: server-sent events. One text per change, shared by all clients; a client that does not read is
// disconnected when what waits for it exceeds a bound, and finds everything again by asking the API.
import type { ServerResponse } from 'node:http';
import type { AlertItem } from '../api/alerts.ts';
import type { DeviceItem, EventItem, StreamEvents, Summary } from '../api/schemas.ts';
import { rosterKey } from '../roster/entry.ts';

const CLIENTS_MAX = 256;
/** Bytes that may wait for one client. */
const BUFFER_BYTES = 8 * 1024 * 1024;
const HEARTBEAT_MS = 15_000;
const SUMMARY_MS = 1_000;
/** A device that changes often is sent at most this often, with its newest state. */
const DEVICE_MS = 100;
/** Milliseconds after which a client that was cut off comes back. */
const RETRY_MS = 2_000;

export interface Streams {
  /** Takes over the response; false: there are too many clients already. */
  add(response: ServerResponse): boolean;
  changed(change: { devices: readonly DeviceItem[]; events: readonly EventItem[] }): void;
  alerts(items: readonly AlertItem[]): void;
  count(): number;
  stop(): void;
}

export function createStreams(summary: () => Summary): Streams {
  const clients = new Set<ServerResponse>();
  const dirty = new Map<string, DeviceItem>();
  let deviceTimer: NodeJS.Timeout | null = null;
  let summaryTimer: NodeJS.Timeout | null = null;
  const heartbeat = setInterval(() => send(': still here\n\n'), HEARTBEAT_MS);
  heartbeat.unref();

  function send(text: string): void {
    for (const client of clients) {
      client.write(text);
      if (client.writableLength > BUFFER_BYTES) client.destroy();
    }
  }

  function flushDevices(): void {
    deviceTimer = null;
    const text = [...dirty.values()].map((item) => frame('device', item)).join('');
    dirty.clear();
    if (text !== '') send(text);
  }

  return {
    add(response) {
      if (clients.size >= CLIENTS_MAX) return false;
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      response.write(`retry: ${RETRY_MS}\n${frame('summary', summary())}`);
      clients.add(response);
      response.once('close', () => clients.delete(response));
      // A client that went away is no news; `close` follows and removes it.
      response.on('error', () => response.destroy());
      return true;
    },
    changed({ devices, events }) {
      if (clients.size === 0) return;
      for (const item of devices) dirty.set(rosterKey(item.fleet, item.id), item);
      const text = events.map((event) => frame('event', event)).join('');
      if (text !== '') send(text);
      deviceTimer ??= setTimeout(flushDevices, DEVICE_MS).unref();
      summaryTimer ??= setTimeout(() => {
        summaryTimer = null;
        send(frame('summary', summary()));
      }, SUMMARY_MS).unref();
    },
    alerts(items) {
      if (clients.size > 0 && items.length > 0) send(items.map((item) => frame('alert', item)).join(''));
    },
    count: () => clients.size,
    stop() {
      clearInterval(heartbeat);
      if (deviceTimer !== null) clearTimeout(deviceTimer);
      if (summaryTimer !== null) clearTimeout(summaryTimer);
      for (const client of clients) client.end();
      clients.clear();
    },
  };
}

/** JSON holds no raw line break, so one `data:` line is the whole value. */
function frame<K extends keyof StreamEvents>(name: K, value: StreamEvents[K]): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}
