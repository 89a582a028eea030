// The audit trail as one screen shows it: newest first, no event twice, bounded. Pure and immutable.
import type { EventItem, EventPage } from '../../api/schemas.ts';

export const EVENTS_MAX = 500;

export interface EventLog {
  readonly items: readonly EventItem[];
  readonly next: string | null;
}

export interface EventFilter {
  readonly severity: EventItem['severity'] | null;
  readonly device: string | null;
}

export const EMPTY_LOG: EventLog = { items: [], next: null };

/** With one more page from the hub. */
export function withEventPage(log: EventLog, page: EventPage): EventLog {
  const items = merge(log.items, page.items);
  return { items, next: items.length >= EVENTS_MAX ? null : page.next };
}

/** With what the stream said, as far as the filter lets it through. */
export function withEvents(log: EventLog, events: readonly EventItem[], filter: EventFilter): EventLog {
  const wanted = events.filter((event) => passes(event, filter));
  return wanted.length === 0 ? log : { items: merge(log.items, wanted), next: log.next };
}

export function passes(event: EventItem, filter: EventFilter): boolean {
  return (
    (filter.severity === null || event.severity === filter.severity) &&
    (filter.device === null || event.device === filter.device)
  );
}

function merge(old: readonly EventItem[], more: readonly EventItem[]): EventItem[] {
  const byId = new Map([...old, ...more].map((event) => [event.id, event]));
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, EVENTS_MAX);
}
