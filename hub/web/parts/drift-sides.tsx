// Declared and live, one beside the other, as the file and the Engine have them.
import type { DriftEntry } from '../../../fleet/wire/messages.ts';
import { driftSides } from '../words/value.ts';
import { Ago } from './ago.tsx';

/** The last cells of a row: both sides, and since when they differ. */
export function DriftCells({ drift }: { drift: Pick<DriftEntry, 'kind' | 'desired' | 'observed' | 'since' | 'by'> }) {
  return (
    <>
      <td class="cell-sides">
        <DriftSides drift={drift} />
      </td>
      <td class="number">
        <Ago at={drift.since} />
        {drift.by !== undefined && <div class="faint">{drift.by}</div>}
      </td>
    </>
  );
}

export function DriftSides({ drift }: { drift: Pick<DriftEntry, 'kind' | 'desired' | 'observed'> }) {
  const { declared, live } = driftSides(drift);
  return (
    <dl class="sides">
      <div class="side side-declared">
        <dt>declared</dt>
        <dd>{declared}</dd>
      </div>
      <div class="side side-live">
        <dt>live</dt>
        <dd>{live}</dd>
      </div>
    </dl>
  );
}
