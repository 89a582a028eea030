// Open differences one by one.
import type { DriftItem } from '../../../api/schemas.ts';
import { DriftCells } from '../../parts/drift-sides.tsx';
import { hrefOf } from '../../route/route.ts';
import { plural, resourceText } from '../../words/value.ts';
import { findDrift } from './drift-search.ts';

/** Rows that are drawn; the rest is found by searching. */
const ROWS_MAX = 300;

export function DriftItems({ items, total, q }: { items: readonly DriftItem[]; total: number; q: string }) {
  const found = findDrift(items, q);
  const shown = found.slice(0, ROWS_MAX);
  return (
    <div class="panel">
      <table class="drift-table">
        <caption class="unseen">Open drift, one by one</caption>
        <thead>
          <tr>
            <th scope="col">Device</th>
            <th scope="col">Resource and field</th>
            <th scope="col">Declared against live</th>
            <th scope="col" class="number">
              Since
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((item) => (
            <tr key={`${item.fleet}/${item.device} ${item.resource} ${item.field ?? item.kind}`}>
              <th scope="row">
                <a class="device-link" href={hrefOf({ page: 'device', fleet: item.fleet, id: item.device })}>
                  {item.device}
                </a>
              </th>
              <td class="field">
                {resourceText(item.resource)}
                <code>{item.field ?? item.kind}</code>
              </td>
              <DriftCells drift={item} />
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length === 0 && <p class="none">No open difference matches.</p>}
      {found.length > shown.length && (
        <p class="none">and {plural(found.length - shown.length, 'more', 'more')}: search to find them.</p>
      )}
      {total > items.length && (
        <p class="none">
          These are the oldest {items.length} of {plural(total, 'difference')}. The page of a device has all of its own.
        </p>
      )}
    </div>
  );
}
