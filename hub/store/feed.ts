// What became visible in the store, whichever hub wrote it. In PostgreSQL rows carry the transaction that wrote them;
// a look takes all rows since the oldest transaction that was still open at the look before, so none is missed however
// transactions overlap, and some come twice. In SQLite there is one hub, and it knows what it wrote.
import { sql } from 'kysely';
import type { EventItem } from '../api/schemas.ts';
import type { Database } from './database.ts';
import { type DeviceRow, ITEM_COLUMNS, type ItemRow } from './device-row.ts';
import { eventItem } from './read.ts';
import type { Committed } from './store.ts';

/** Rows of one query; more than one transaction ever writes, so that each page gets further. */
const PAGE = 5_000;

/** Rows of one query while the fleet is loaded: small, so that loading leaves little behind in memory. */
const LOAD_PAGE = 1_000;

/** Where a look began. */
export type Position = number;

const POSITION = sql<{ position: number }>`select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as position`;

export async function position({ engine, db }: Database): Promise<Position> {
  if (engine === 'sqlite') return 0;
  return (await POSITION.execute(db)).rows[0]?.position ?? 0;
}

/** All devices, a page at a time. */
export async function* allDevices({ reader }: Database): AsyncGenerator<readonly ItemRow[]> {
  let last: Pick<DeviceRow, 'fleet' | 'device'> = { fleet: '', device: '' };
  for (;;) {
    const { fleet, device } = last;
    const rows = await reader
      .selectFrom('devices')
      .select(ITEM_COLUMNS)
      .where('rev', '>', 0)
      .where(sql<boolean>`(fleet, device) > (${fleet}, ${device})`)
      .orderBy('fleet')
      .orderBy('device')
      .limit(LOAD_PAGE)
      .execute();
    yield rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < LOAD_PAGE) return;
    last = end;
  }
}

/** PostgreSQL: what became visible since a position, and the position to look from next. */
export async function changesSince(
  database: Database,
  since: Position,
  take: (committed: Committed) => void,
): Promise<Position> {
  const next = await position(database);
  for (let from: number | null = since; from !== null; ) {
    const devices: readonly (ItemRow & { readonly tx: number })[] = await devicesFrom(database, from);
    if (devices.length > 0) take({ devices, events: [] });
    from = devices.length < PAGE ? null : (devices.at(-1)?.tx ?? null);
  }
  for (let from: number | null = since; from !== null; ) {
    const events = await eventsFrom(database, from);
    if (events.items.length > 0) take({ devices: [], events: events.items });
    from = events.next;
  }
  return next;
}

async function devicesFrom({ db }: Database, from: Position): Promise<readonly (ItemRow & { readonly tx: number })[]> {
  return await db
    .selectFrom('devices')
    .select([...ITEM_COLUMNS, 'tx'])
    .where('tx', '>=', from)
    .where('rev', '>', 0)
    .orderBy('tx')
    .limit(PAGE)
    .execute();
}

async function eventsFrom(
  { db }: Database,
  from: Position,
): Promise<{ readonly items: readonly EventItem[]; readonly next: Position | null }> {
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .where('tx', '>=', from)
    .orderBy('tx')
    .orderBy('id')
    .limit(PAGE)
    .execute();
  return { items: rows.flatMap(eventItem), next: rows.length < PAGE ? null : (rows.at(-1)?.tx ?? null) };
}
