// Where the host moved away from what was applied: declared against live.
import type { DriftEntry } from '../../../../fleet/wire/messages.ts';
import { DriftCells } from '../../parts/drift-sides.tsx';
import { plural, resourceText } from '../../words/value.ts';

const KINDS = { missing: 'the whole of it', unexpected: 'the whole of it', field: '' } as const;

export function DriftTable({ drift, cut }: { drift: readonly DriftEntry[]; cut: number }) {
  if (drift.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="drift">
      <header class="panel-head">
        <h2 id="drift">Drift</h2>
        <span class="faint">{plural(drift.length + cut, 'difference')} between Git and this host</span>
      </header>
      <table class="drift-table">
        <thead>
          <tr>
            <th scope="col">Resource</th>
            <th scope="col">Field</th>
            <th scope="col">Declared against live</th>
            <th scope="col" class="number">
              Since
            </th>
          </tr>
        </thead>
        <tbody>
          {drift.map((entry) => (
            <tr key={`${entry.resource} ${entry.field ?? entry.kind}`}>
              <th scope="row">{resourceText(entry.resource)}</th>
              <td class="field">
                {entry.field === null ? <span class="faint">{KINDS[entry.kind]}</span> : <code>{entry.field}</code>}
              </td>
              <DriftCells drift={entry} />
            </tr>
          ))}
        </tbody>
      </table>
      {cut > 0 && <p class="none">and {plural(cut, 'more', 'more')}, cut to keep the report small.</p>}
    </section>
  );
}
