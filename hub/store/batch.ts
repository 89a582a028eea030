// One batch in one transaction: takes the rows of its devices, lets the reducer judge them, writes what came of it.
// Rows are taken in one order everywhere, so that two hubs wait for each other and never in a circle.
import { type Kysely, type Selectable, sql } from 'kysely';
import type { DeviceKey, RosterEntry } from '../roster/entry.ts';
import { rosterKey } from '../roster/entry.ts';
import type { Database, Engine } from './database.ts';
import { type DeviceRow, entryOf, parse } from './device-row.ts';
import { isConflict, rowsOf } from './dialect.ts';
import type { Committed, Decide, DeviceChange } from './store.ts';
import type { Tables } from './tables.ts';
import { writeChanges } from './write.ts';

/** How often a batch is tried that another hub got in the way of. */
const ATTEMPTS_MAX = 5;

export async function updateBatch(
  database: Database,
  keys: readonly DeviceKey[],
  decide: Decide,
  now: number,
): Promise<Committed> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.db.transaction().execute(async (transaction) => {
        const { known, claimed } = await takeDevices(transaction, database.engine, keys);
        const changes = decide(known);
        await giveUp(transaction, claimed, changes);
        return await writeChanges({ db: transaction, engine: database.engine }, known, changes, now);
      });
    } catch (error) {
      if (!isConflict(error) || attempt >= ATTEMPTS_MAX) throw error;
    }
  }
}

export interface Taken extends RosterEntry {
  readonly rev: number;
}

async function takeDevices(
  db: Kysely<Tables>,
  engine: Engine,
  keys: readonly DeviceKey[],
): Promise<{ readonly known: ReadonlyMap<string, Taken>; readonly claimed: readonly DeviceKey[] }> {
  const unique = [...new Map(keys.map((key) => [rosterKey(key.fleet, key.device), key])).values()];
  let rows = await selectRows(db, engine, unique);
  let claimed: readonly DeviceKey[] = [];
  if (engine === 'postgres' && rows.length < unique.length) {
    // Two hubs may hear of a new device at once: both put it down, one of them waits, then both take it in turn.
    const have = new Set(rows.map(({ fleet, device }) => rosterKey(fleet, device)));
    claimed = unique.filter(({ fleet, device }) => !have.has(rosterKey(fleet, device)));
    await claim(db, claimed);
    rows = await selectRows(db, engine, unique);
  }
  const taken = new Map<string, Taken & { readonly open: Map<string, string> }>();
  for (const row of rows) {
    if (row.rev > 0)
      taken.set(rosterKey(row.fleet, row.device), { rev: row.rev, entry: entryOf(row), open: new Map() });
  }
  const drifting = rows.filter(({ drift }) => drift > 0).map(({ fleet, device }) => ({ fleet, device }));
  if (drifting.length === 0) return { known: taken, claimed };
  for (const { fleet, device, key, ...content } of await selectOpen(db, engine, drifting)) {
    taken.get(rosterKey(fleet, device))?.open.set(key, contentOf(content));
  }
  return { known: taken, claimed };
}

const KEY = { fleet: 'text', device: 'text' } as const;

// `cross join` tells SQLite to begin with what is wanted; PostgreSQL decides for itself.
async function selectRows(db: Kysely<Tables>, engine: Engine, keys: readonly DeviceKey[]) {
  // In SQLite whoever writes has everything.
  const lock = engine === 'postgres' ? sql`order by devices.fleet, devices.device for update of devices` : sql``;
  const { rows } = await sql<DeviceRow>`select devices.* from ${rowsOf(engine, KEY, keys)} as wanted
    cross join devices where devices.fleet = wanted.fleet and devices.device = wanted.device ${lock}`.execute(db);
  return rows;
}

/** A row with `rev` 0 is a place that is taken, not yet a device. The same transaction fills it or goes back. */
async function claim(db: Kysely<Tables>, keys: readonly DeviceKey[]): Promise<void> {
  await sql`insert into devices (fleet, device, rev, tx, presence, last_seen, seen_at, sync, health, reason, message, drift,
      changes, reconciling, agent_version, labels, apps, instance, former, boot, seq, ts, birth_last, birth_before,
      offline_ts, parts)
    select fleet, device, 0, 0, 'offline', 0, 0, 'Unknown', 'Unknown', '', '', 0, 0, 0, '', '{}', '[]', '', '[]', 0, -1,
      '', 0, 0, 0, '' from ${rowsOf('postgres', KEY, keys)} as wanted order by fleet, device
    on conflict do nothing`.execute(db);
}

/** Places for which nothing worth a device was said. */
async function giveUp(db: Kysely<Tables>, claimed: readonly DeviceKey[], changes: readonly DeviceChange[]) {
  const filled = new Set(
    changes.flatMap(({ fleet, device, entry }) => (entry === null ? [] : [rosterKey(fleet, device)])),
  );
  const empty = claimed.filter(({ fleet, device }) => !filled.has(rosterKey(fleet, device)));
  if (empty.length === 0) return;
  await sql`delete from devices where rev = 0 and (fleet, device) in
    (select fleet, device from ${rowsOf('postgres', KEY, empty)} as given)`.execute(db);
}

async function selectOpen(db: Kysely<Tables>, engine: Engine, keys: readonly DeviceKey[]) {
  const { rows } = await sql<OpenRow>`select drift.fleet, drift.device, drift."key", drift.desired, drift.observed,
      drift.since, drift.revision, drift."by" from ${rowsOf(engine, KEY, keys)} as wanted
    cross join drift where drift.fleet = wanted.fleet and drift.device = wanted.device and drift.closed is null`.execute(
    db,
  );
  return rows;
}

type OpenRow = Pick<
  Selectable<Tables['drift']>,
  'fleet' | 'device' | 'key' | 'desired' | 'observed' | 'since' | 'revision' | 'by'
>;

/** As `driftIntervals` makes it. */
function contentOf(row: Pick<OpenRow, 'desired' | 'observed' | 'since' | 'revision' | 'by'>): string {
  return JSON.stringify([
    ...[parse(row.desired), parse(row.observed), row.since, row.revision],
    ...(row.by === null ? [] : [row.by]),
  ]);
}
