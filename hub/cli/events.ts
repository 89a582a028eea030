// `holdfast events [-f]`: the audit trail, oldest first as one reads a log; `-f` follows the hub's stream and comes
// back to it whenever it is lost, without a gap and without repeating.
import { parseDuration } from '../../fleet/units.ts';
import { type EventItem, eventItemSchema, eventPageSchema } from '../api/schemas.ts';
import { type Ask, query } from './ask.ts';
import { CliError, type ExitCode } from './io.ts';
import { print } from './output.ts';
import type { Paint } from './paint.ts';
import { readSse } from './sse.ts';
import { table } from './table.ts';
import { ago, safe } from './text.ts';

const RETRY_MS = 2_000;
const CATCH_UP = 500;

export interface EventOptions {
  readonly follow?: boolean;
  readonly device?: string;
  readonly severity?: string;
  readonly since?: string;
  readonly limit: number;
}

interface Filter {
  readonly device: string | undefined;
  readonly severity: string | undefined;
  readonly since: string | undefined;
}

export async function events(ask: Ask, options: EventOptions): Promise<ExitCode> {
  const { io, api, format, paint } = ask;
  const since = sinceTime(options.since, io.now());
  const { device, severity, limit } = options;
  const filter = { device, severity, since };
  const page = await api.get(`/api/v1/events${query({ ...filter, limit })}`, eventPageSchema);
  if (options.follow === true) return await follow(ask, filter, page.items.toReversed());
  print(io, format, page, () =>
    page.items.length === 0 ? 'No events.\n' : eventTable(page.items.toReversed(), io.now(), paint, io.columns, true),
  );
  return 0;
}

/** @param items in the order to print @param named with the device's name */
export function eventTable(
  items: readonly EventItem[],
  now: number,
  paint: Paint,
  columns: number | null,
  named: boolean,
): string {
  const rows = items.map((event) => [
    { text: ago(event.received, now), paint: paint.dim },
    ...(named ? [{ text: event.device, paint: paint.bold }] : []),
    { text: event.severity, paint: paint.state(event.severity) },
    event.reason,
    event.resource === null ? event.message : `${event.resource}: ${event.message}`,
  ]);
  return table(['WHEN', ...(named ? ['DEVICE'] : []), 'SEVERITY', 'REASON', 'MESSAGE'], rows, columns);
}

async function follow(ask: Ask, filter: Filter, first: readonly EventItem[]): Promise<ExitCode> {
  const { io, api } = ask;
  let last = 0;
  const show = (event: EventItem) => {
    if (event.id <= last) return;
    last = event.id;
    if (filter.device !== undefined && event.device !== filter.device) return;
    if (filter.severity !== undefined && event.severity !== filter.severity) return;
    io.out(eventLine(ask, event));
  };
  first.forEach(show);
  let lost = false;
  while (!io.signal.aborted) {
    const body = await api.stream('/api/v1/stream');
    if (body !== null) {
      lost = false;
      for (const event of await missed(ask, filter)) show(event);
      for await (const { event, data } of readSse(body, io.signal)) {
        const item = event === 'event' ? eventItemSchema.safeParse(data) : null;
        if (item?.success === true) show(item.data);
      }
    }
    if (io.signal.aborted) break;
    if (!lost) io.err(`holdfast: lost the hub at ${api.base}; trying again\n`);
    lost = true;
    await sleep(RETRY_MS, io.signal);
  }
  return 0;
}

/** What happened while no stream was open, oldest first; what was shown already is among it. */
async function missed({ api }: Ask, filter: Filter): Promise<readonly EventItem[]> {
  try {
    const page = await api.get(`/api/v1/events${query({ ...filter, limit: CATCH_UP })}`, eventPageSchema);
    return page.items.toReversed();
  } catch {
    // The hub went away again: the stream ends too, and the caller tries again.
    return [];
  }
}

/** One event on one line, with its exact time, since a log is read later. */
function eventLine({ format, paint }: Ask, event: EventItem): string {
  if (format === 'json') return `${JSON.stringify(event)}\n`;
  if (format === 'yaml') return `- ${JSON.stringify(event)}\n`;
  const colour = paint.state(event.severity) ?? paint.dim;
  const about = event.resource === null ? '' : `${safe(event.resource)}: `;
  const parts = [paint.dim(event.received), paint.bold(safe(event.device)), colour(event.severity), safe(event.reason)];
  return `${parts.join('  ')}  ${about}${safe(event.message)}\n`;
}

function sinceTime(text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const ns = parseDuration(text);
  if (ns !== null && ns >= 0) return new Date(now - ns / 1e6).toISOString();
  if (!Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw new CliError(`--since "${text}" is neither a duration like 2h nor a time like 2026-01-31T12:00:00Z`);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
