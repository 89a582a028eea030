// Everything that happens in the fleet, as it happens. Can be held still to read.
import { useSignal } from '@preact/signals';
import { EMPTY_LOG, EVENTS_MAX, type EventLog, withEventPage, withEvents } from '../../data/event-log.ts';
import { type Resource, useResource } from '../../data/use-resource.ts';
import { useSession } from '../../data/use-session.ts';
import { Choices } from '../../parts/choices.tsx';
import { EventList } from '../../parts/event-list.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { SEVERITIES, type Severity } from '../../route/route.ts';
import { PauseButton } from './pause-button.tsx';

const NAMES = { info: 'Info', warning: 'Warnings', error: 'Errors' } as const;

export function EventsPage({ severity }: { severity: Severity | null }) {
  const { client } = useSession();
  /** What is shown while held still; null: live. */
  const held = useSignal<EventLog | null>(null);
  const resource = useResource<EventLog>(severity ?? 'all', {
    againMs: 1000,
    load: async (signal) => withEventPage(EMPTY_LOG, await client.events(severity, null, signal)),
    fold: (log, batch) => ({ value: withEvents(log, batch.events, { severity, device: null }), again: false }),
  });
  const { value, loading, error } = resource.state.value;
  const shown = value === null ? null : (held.value ?? value);
  return (
    <section aria-labelledby="title" aria-busy={loading}>
      <header class="page-head">
        <h1 id="title">Events</h1>
        <Choices
          label="Severity"
          choices={[null, ...SEVERITIES].map((one) => ({
            name: one === null ? 'All' : NAMES[one],
            route: { page: 'events', severity: one },
            current: one === severity,
          }))}
        />
        <PauseButton held={held} live={value} />
      </header>
      <div class="panel">
        {error !== null && <Problem message={error.message} retry={resource.reload} />}
        {shown === null && error === null && <Skeleton rows={8} label="Loading events" />}
        {shown !== null && shown.items.length === 0 && !loading && (
          <p class="none">{severity === null ? 'Nothing has happened yet.' : 'Nothing of this kind has happened.'}</p>
        )}
        {shown !== null && <EventList events={shown.items} named />}
        {held.value === null && value !== null && <Older resource={resource} log={value} severity={severity} />}
      </div>
    </section>
  );
}

interface OlderProps {
  readonly resource: Resource<EventLog>;
  readonly log: EventLog;
  readonly severity: Severity | null;
}

function Older({ resource, log, severity }: OlderProps) {
  const { client } = useSession();
  const busy = useSignal(false);
  if (log.items.length >= EVENTS_MAX) return <p class="none">The newest {EVENTS_MAX}. “holdfast events” has more.</p>;
  if (log.next === null) return null;
  async function more(cursor: string): Promise<void> {
    busy.value = true;
    try {
      const page = await client.events(severity, cursor, new AbortController().signal);
      const { state } = resource;
      if (state.value.value?.next === cursor) {
        state.value = { ...state.value, value: withEventPage(state.value.value, page) };
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      resource.state.value = { ...resource.state.value, error: { status: 0, message } };
    } finally {
      busy.value = false;
    }
  }
  const cursor = log.next;
  return (
    <p class="more">
      <button type="button" disabled={busy.value} onClick={() => void more(cursor)}>
        {busy.value ? 'Loading…' : 'Show older'}
      </button>
    </p>
  );
}
