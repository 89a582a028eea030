// Holds the log still, and says how much has come in meanwhile.
import type { Signal } from '@preact/signals';
import type { EventLog } from '../../data/event-log.ts';

export function PauseButton({ held, live }: { held: Signal<EventLog | null>; live: EventLog | null }) {
  const newest = held.value?.items[0]?.id ?? 0;
  const missed = held.value === null ? 0 : (live?.items.filter((event) => event.id > newest).length ?? 0);
  return (
    <button
      type="button"
      disabled={live === null}
      aria-pressed={held.value !== null}
      onClick={() => {
        held.value = held.value === null ? live : null;
      }}
    >
      {held.value === null ? 'Pause' : missed === 0 ? 'Resume' : `Resume, ${missed} new`}
    </button>
  );
}
