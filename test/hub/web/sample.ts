// Small values in the shapes of the hub's API, for the tests of the dashboard's pure parts.
import type { DeviceItem, EventItem } from '../../../hub/api/schemas.ts';

export function device(id: string, part: Partial<DeviceItem> = {}): DeviceItem {
  return {
    fleet: 'acme',
    id,
    presence: 'online',
    last_seen: '2026-11-20T12:00:00.000Z',
    sync: 'Synced',
    health: 'Healthy',
    reason: 'Succeeded',
    message: 'applied main@1a2b3c4d',
    revision: { desired: null, applied: null, last_good: null, signed_by: null },
    labels: {},
    apps: [],
    drift: 0,
    changes: 0,
    agent_version: '0.1.0',
    ...part,
  };
}

export function event(id: number, part: Partial<EventItem> = {}): EventItem {
  const ts = '2026-11-20T12:00:00.000Z';
  const about = { fleet: 'acme', device: 'edge-01', ts, received: ts, revision: null, resource: null };
  return { id, ...about, severity: 'info', reason: 'Online', message: 'device is online', ...part };
}
