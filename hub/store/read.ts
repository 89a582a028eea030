// Reads rows back as what they were. Rows are this program's own, yet they pass the schemas again: a file can be
// older, newer or damaged, and one bad row must not keep the hub from answering.
import type { Kysely, Selectable } from 'kysely';
import { type Status, statusSchema } from '../../fleet/wire/messages.ts';
import { type DriftItem, driftItemSchema, type EventItem, eventItemSchema } from '../api/schemas.ts';
import { parse } from './device-row.ts';
import type { EventQuery } from './store.ts';
import type { Tables } from './tables.ts';

export async function readStatus(db: Kysely<Tables>, fleet: string, device: string): Promise<Status | null> {
  const row = await db
    .selectFrom('statuses')
    .select('status')
    .where('fleet', '=', fleet)
    .where('device', '=', device)
    .executeTakeFirst();
  return row === undefined ? null : (statusSchema.safeParse(parse(row.status)).data ?? null);
}

export async function readDrift(db: Kysely<Tables>, limit: number): Promise<readonly DriftItem[]> {
  const rows = await db
    .selectFrom('drift')
    .selectAll()
    .where('closed', 'is', null)
    .orderBy('since')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.flatMap(driftItem);
}

export function driftItem(row: Omit<Selectable<Tables['drift']>, 'id' | 'key' | 'opened' | 'closed'>): DriftItem[] {
  const { by, ...columns } = row;
  const read = driftItemSchema.safeParse({
    ...columns,
    ...(by === null ? {} : { by }),
    desired: parse(row.desired),
    observed: parse(row.observed),
  });
  return read.success ? [read.data] : [];
}

export async function readEvents(db: Kysely<Tables>, query: EventQuery): Promise<readonly EventItem[]> {
  let select = db.selectFrom('events').selectAll().orderBy('id', 'desc').limit(query.limit);
  if (query.device !== undefined) select = select.where('device', '=', query.device);
  if (query.fleet !== undefined) select = select.where('fleet', '=', query.fleet);
  if (query.severity !== undefined) select = select.where('severity', '=', query.severity);
  if (query.since !== undefined) select = select.where('received', '>=', query.since);
  if (query.before !== undefined) select = select.where('id', '<', query.before);
  return (await select.execute()).flatMap(eventItem);
}

export function eventItem(row: Selectable<Tables['events']>): EventItem[] {
  const item = eventItemSchema.safeParse({ ...row, received: new Date(row.received).toISOString() });
  return item.success ? [item.data] : [];
}
