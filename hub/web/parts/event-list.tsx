// Events as a list, newest first. Owns only how one reads.
import type { EventItem } from '../../api/schemas.ts';
import { hrefOf } from '../route/route.ts';
import { resourceText } from '../words/value.ts';
import { Ago } from './ago.tsx';
import { SeverityBadge } from './badge.tsx';
import { Message } from './message.tsx';
import { Revision } from './revision.tsx';

/** `named`: says of which device each event is. */
export function EventList({ events, named }: { events: readonly EventItem[]; named: boolean }) {
  return (
    <ol class="events">
      {events.map((event) => (
        <EventRow key={event.id} event={event} named={named} />
      ))}
    </ol>
  );
}

function EventRow({ event, named }: { event: EventItem; named: boolean }) {
  return (
    <li class="event">
      <span class="event-when">
        <Ago at={event.ts} />
      </span>
      <SeverityBadge severity={event.severity} />
      <div class="event-what">
        <p class="event-head">
          {named && (
            <a class="device-link" href={hrefOf({ page: 'device', fleet: event.fleet, id: event.device })}>
              {event.device}
            </a>
          )}
          <span class="reason">{event.reason}</span>
          {event.resource !== null && <span class="faint">{resourceText(event.resource)}</span>}
          {event.revision !== null && <Revision of={event.revision} />}
        </p>
        <Message text={event.message} />
      </div>
    </li>
  );
}
