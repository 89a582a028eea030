// What a list shows of a device, derived from its last status. Pure.

import type { PresenceMessage, Status } from '../../fleet/wire/messages.ts';
import type { DeviceItem } from '../api/schemas.ts';

/** A device of which only presence or an event is known. */
export function bareItem(fleet: string, id: string, presence: DeviceItem['presence'], seen: string): DeviceItem {
  return {
    fleet,
    id,
    presence,
    last_seen: seen,
    sync: 'Unknown',
    health: 'Unknown',
    reason: 'Unknown',
    message: 'no status received yet',
    revision: { desired: null, applied: null, last_good: null, signed_by: null },
    labels: {},
    apps: [],
    drift: 0,
    changes: 0,
    agent_version: '',
  };
}

export function withStatus(item: DeviceItem, status: Status): DeviceItem {
  const main = mainCondition(status);
  return {
    ...item,
    sync: status.sync,
    health: status.health,
    reason: main?.reason ?? 'Unknown',
    message: main?.message ?? '',
    revision: status.revision,
    labels: status.labels,
    apps: status.apps.map(({ services: _services, ...app }) => app),
    drift: status.drift.length + (status.cut?.drift ?? 0),
    changes: status.changes,
    agent_version: status.agent.version,
  };
}

/** Stalled, else Reconciling, else Ready. */
function mainCondition(status: Status): Status['conditions'][number] | undefined {
  const of = (type: string) => status.conditions.find((condition) => condition.type === type);
  return of('Stalled') ?? of('Ready') ?? of('Reconciling');
}

export type Origin = Pick<PresenceMessage, 'instance' | 'boot' | 'ts'>;
