// Devices as a table; on a narrow screen the same rows read as cards.
import type { DeviceItem } from '../../../api/schemas.ts';
import { deviceKey } from '../../data/device-list.ts';
import { Ago } from '../../parts/ago.tsx';
import { HealthBadge, PresenceMark, SyncBadge } from '../../parts/badge.tsx';
import { Revision } from '../../parts/revision.tsx';
import { hrefOf } from '../../route/route.ts';

export function DeviceTable({ devices }: { devices: readonly DeviceItem[] }) {
  return (
    <table class="device-table">
      <caption class="unseen">Devices, worst first</caption>
      <thead>
        <tr>
          <th scope="col">Device</th>
          <th scope="col">Health</th>
          <th scope="col">Sync</th>
          <th scope="col">What it says</th>
          <th scope="col">Revision</th>
          <th scope="col" class="number">
            Drift
          </th>
          <th scope="col" class="number">
            Last seen
          </th>
        </tr>
      </thead>
      <tbody>
        {devices.map((device) => (
          <DeviceRow key={deviceKey(device)} device={device} />
        ))}
      </tbody>
    </table>
  );
}

function DeviceRow({ device }: { device: DeviceItem }) {
  const labels = Object.entries(device.labels);
  return (
    <tr class={device.presence === 'online' ? undefined : 'absent'}>
      <th scope="row">
        <div class="device-cell">
          <PresenceMark presence={device.presence} bare />
          <span class="device-name">
            <a class="device-link" href={hrefOf({ page: 'device', fleet: device.fleet, id: device.id })}>
              {device.id}
            </a>
            {labels.length > 0 && (
              <span class="labels" title={labels.map(([name, value]) => `${name}=${value}`).join('\n')}>
                {labels.map(([, value]) => value).join(' · ')}
              </span>
            )}
          </span>
        </div>
      </th>
      <td class="cell-health">
        <HealthBadge health={device.health} />
      </td>
      <td class="cell-sync">
        <SyncBadge sync={device.sync} />
      </td>
      <td class="says">
        {device.clash === true && <span class="reason tone-bad clash">Two agents, one id</span>}
        <span class="reason">{device.reason}</span>
        <span class="one-line" title={device.message}>
          {device.message.split('\n', 1)[0]}
        </span>
      </td>
      <td class="cell-revision">
        <Revision of={device.revision.applied} none="none applied" />
      </td>
      <td class={device.drift > 0 ? 'number cell-drift has-drift' : 'number cell-drift'}>
        {device.drift}
        <span class="card-word"> drift</span>
      </td>
      <td class="number cell-seen">
        <Ago at={device.last_seen} />
      </td>
    </tr>
  );
}
