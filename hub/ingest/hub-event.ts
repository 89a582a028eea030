// The hub's own lines in the audit trail: what they are called, how bad they are and what they say. Pure.
import type { EventItem } from '../api/schemas.ts';
import type { Effect } from './effects.ts';

const OWN = {
  Online: { severity: 'info', message: 'device is online' },
  Offline: { severity: 'warning', message: 'device went offline' },
  Stale: { severity: 'warning', message: 'nothing heard from the device within its deadline' },
  NewInstance: {
    severity: 'info',
    message: 'a new instance of the agent took over: its state was lost or the device re-imaged',
  },
  Clash: {
    severity: 'error',
    message: 'two agents report as this device and alternate; give one of them another device id',
  },
  Hint: { severity: 'info', message: 'someone asked the device to reconcile now' },
} as const satisfies Record<string, Pick<EventItem, 'severity' | 'message'>>;

export function hubEvent(
  fleet: string,
  device: string,
  reason: keyof typeof OWN,
  now: number,
): Effect & { kind: 'event' } {
  const at = new Date(now).toISOString();
  const about = { fleet, device, reason, ts: at, received: at, revision: null, resource: null };
  return { kind: 'event', origin: null, event: { ...about, ...OWN[reason] } };
}
