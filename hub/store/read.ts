// Reads rows back as what they were. Rows are this program's own, yet they pass the schemas again: a file can be
// older, newer or damaged, and one bad row must not keep the hub from starting.
import type { Kysely, Selectable } from 'kysely';
import { type Status, statusSchema } from '../../fleet/wire/messages.ts';
import { type DriftItem, driftItemSchema, type EventItem, eventItemSchema } from '../api/schemas.ts';
import { type Entry, entrySchema, type RosterEntry, rosterKey } from '../roster/entry.ts';
import type { Tables } from './schema.ts';
import type { EventQuery } from './store.ts';

export async function loadRoster(db: Kysely<Tables>): Promise<ReadonlyMap<string, RosterEntry>> {
  const roster = new Map<string, { entry: Entry; open: Map<string, string> }>();
  for (const row of await db.selectFrom('devices').select(['fleet', 'device', 'entry']).execute()) {
    const entry = entrySchema.safeParse(parse(row.entry));
    // A row that no longer reads is forgotten; the device's next status writes it anew.
    if (entry.success) roster.set(rosterKey(row.fleet, row.device), { entry: entry.data, open: new Map() });
  }
  for (const row of await db.selectFrom('drift').selectAll().where('closed', 'is', null).execute()) {
    const content = JSON.stringify([
      ...[parse(row.desired), parse(row.observed), row.since, row.revision],
      ...(row.by === null ? [] : [row.by]),
    ]);
    roster.get(rosterKey(row.fleet, row.device))?.open.set(row.key, content);
  }
  return roster;
}

export async function readStatus(db: Kysely<Tables>, fleet: string, device: string): Promise<Status | null> {
  const row = await db
    .selectFrom('devices')
    .select('status')
    .where('fleet', '=', fleet)
    .where('device', '=', device)
    .executeTakeFirst();
  if (row === undefined || row.status === null) return null;
  return statusSchema.safeParse(parse(row.status)).data ?? null;
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
  return rows.flatMap((row) => {
    const { by, ...columns } = row;
    const item = {
      ...columns,
      ...(by === null ? {} : { by }),
      desired: parse(row.desired),
      observed: parse(row.observed),
    };
    const read = driftItemSchema.safeParse(item);
    return read.success ? [read.data] : [];
  });
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

export async function readRecent(db: Kysely<Tables>, fleet: string, device: string, limit: number) {
  return await readEvents(db, { fleet, device, limit });
}

function eventItem(row: Selectable<Tables['events']>): readonly EventItem[] {
  const item = eventItemSchema.safeParse({ ...row, received: new Date(row.received).toISOString() });
  return item.success ? [item.data] : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A damaged row: the schema that reads it next refuses null.
    return null;
  }
}
