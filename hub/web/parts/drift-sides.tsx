// Declared and live, one beside the other, as the file and the Engine have them.
import type { DriftEntry } from '../../../fleet/wire/messages.ts';
import { driftSides } from '../words/value.ts';

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
