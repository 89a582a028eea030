// Drift that has something in common: how often, on how many devices, since when, and one example.
import type { DriftPage } from '../../../api/schemas.ts';
import { Ago } from '../../parts/ago.tsx';
import { DriftSides } from '../../parts/drift-sides.tsx';
import { Revision } from '../../parts/revision.tsx';
import { type DriftGroup, hrefOf } from '../../route/route.ts';
import { resourceText } from '../../words/value.ts';

type Group = DriftPage['groups'][number];

const HEADS = { field: 'Field', service: 'Service', app: 'App', revision: 'Revision', label: 'Label' } as const;

export function DriftGroups({ by, groups }: { by: DriftGroup; groups: readonly Group[] }) {
  return (
    <div class="panel">
      <table class="group-table">
        <caption class="unseen">Open drift by {by}</caption>
        <thead>
          <tr>
            <th scope="col">{HEADS[by]}</th>
            <th scope="col" class="number">
              Open
            </th>
            <th scope="col" class="number">
              Devices
            </th>
            <th scope="col">For example</th>
            <th scope="col" class="number">
              Oldest
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <GroupRow key={group.key} by={by} group={group} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function GroupRow({ by, group }: { by: DriftGroup; group: Group }) {
  const { sample } = group;
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf({ page: 'drift', by: null, q: group.key })}>
          {by === 'revision' ? <Revision of={group.key} /> : <code>{group.key}</code>}
        </a>
      </th>
      <td class="number">
        {group.open}
        <span class="card-word"> open</span>
      </td>
      <td class="number">
        {group.devices}
        <span class="card-word"> devices</span>
      </td>
      <td class="cell-sides">
        <p class="sample">
          <a class="device-link" href={hrefOf({ page: 'device', fleet: sample.fleet, id: sample.device })}>
            {sample.device}
          </a>{' '}
          <span class="faint">
            {resourceText(sample.resource)} {sample.field ?? ''}
          </span>
        </p>
        <DriftSides drift={sample} />
      </td>
      <td class="number">
        <Ago at={group.since} />
      </td>
    </tr>
  );
}
