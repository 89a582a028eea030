// Messages that were not taken: counted by sender and cause, so that somebody can look.
import { type Kysely, sql } from 'kysely';
import type { Engine } from './database.ts';
import { rowsOf } from './dialect.ts';
import type { Tables } from './tables.ts';

/** Senders that are kept; more is somebody making names up, and the oldest go. */
const REJECTS_MAX = 10_000;

const COLUMNS = { fleet: 'text', device: 'text', cause: 'text', n: 'bigint', at: 'bigint' } as const;

export interface RejectRow {
  readonly fleet: string;
  readonly device: string;
  readonly cause: string;
  readonly n: number;
  readonly at: number;
}

export async function addRejects(db: Kysely<Tables>, engine: Engine, rows: readonly RejectRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`insert into rejects (fleet, device, cause, n, first_at, last_at)
    select fleet, device, cause, n, at, at from ${rowsOf(engine, COLUMNS, rows)} as given where true
    order by fleet, device, cause
    on conflict (fleet, device, cause) do update set n = rejects.n + excluded.n, last_at = excluded.last_at`.execute(
    db,
  );
}

/** Newest first. */
export async function readRejects(db: Kysely<Tables>, limit: number) {
  return await db.selectFrom('rejects').selectAll().orderBy('last_at', 'desc').limit(limit).execute();
}

export async function pruneRejects(db: Kysely<Tables>, before: number): Promise<void> {
  await sql`delete from rejects where last_at < ${before} or last_at < (select last_at from rejects
    order by last_at desc limit 1 offset ${REJECTS_MAX})`.execute(db);
}
