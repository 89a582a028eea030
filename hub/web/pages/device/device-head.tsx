// Which device this is and how it is, in one glance; and the one thing that can be asked of it.
import type { Device } from '../../../api/schemas.ts';
import { Ago } from '../../parts/ago.tsx';
import { HealthBadge, PresenceMark, SyncBadge } from '../../parts/badge.tsx';
import { ReconcileButton } from './reconcile-button.tsx';

export function DeviceHead({ device }: { device: Device }) {
  const labels = Object.entries(device.labels);
  return (
    <header class="device-head">
      <div>
        <h1>{device.id}</h1>
        <ul class="facts">
          <li>
            <PresenceMark presence={device.presence} />
            <span class="faint">
              seen <Ago at={device.last_seen} />
            </span>
          </li>
          <li>
            <span class="faint">health</span>
            <HealthBadge health={device.health} />
          </li>
          <li>
            <span class="faint">sync</span>
            <SyncBadge sync={device.sync} />
          </li>
          {labels.map(([name, value]) => (
            <li key={name} class="label">
              <span class="faint">{name}</span> {value}
            </li>
          ))}
        </ul>
      </div>
      <ReconcileButton device={device} />
    </header>
  );
}
