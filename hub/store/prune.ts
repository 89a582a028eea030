// What is kept and for how long: by age and by number.
import { type Kysely, sql } from 'kysely';
import { pruneRejects } from './rejects.ts';
import type { Tables } from './tables.ts';

export interface Retention {
  /** Events, closed drift and troubles, and history older than this (hub clock, milliseconds) go. */
  readonly before: number;
  /** The newest that are kept. */
  readonly events: number;
  readonly drift: number;
  readonly revisions: number;
}

/** Rows that one statement deletes, so that no transaction is long. */
const CHUNK = 10_000;

export async function prune(db: Kysely<Tables>, { before, events, drift, revisions }: Retention): Promise<void> {
  await inChunks(db, 'events', sql`received < ${before}`);
  await inChunks(db, 'events', sql`id <= (select id from events order by id desc limit 1 offset ${events})`);
  await inChunks(db, 'drift', sql`closed < ${before}`);
  const oldest = sql`(select closed from drift where closed is not null order by closed desc limit 1 offset ${drift})`;
  await inChunks(db, 'drift', sql`closed <= ${oldest}`);
  await inChunks(db, 'troubles', sql`closed < ${before}`);
  await sql`delete from history where at < ${before}`.execute(db);
  await pruneRejects(db, before);
  await sql`delete from revisions where first_seen < ${before} or (fleet, revision) in
    (select fleet, revision from (select fleet, revision, row_number() over (partition by fleet order by first_seen desc)
      as place from revisions) as placed where place > ${revisions})`.execute(db);
  await sql`delete from rollouts where not exists (select 1 from revisions
    where revisions.fleet = rollouts.fleet and revisions.revision = rollouts.revision)`.execute(db);
}

async function inChunks(
  db: Kysely<Tables>,
  table: 'events' | 'drift' | 'troubles',
  where: ReturnType<typeof sql>,
): Promise<void> {
  for (;;) {
    const gone = await sql`delete from ${sql.table(table)} where id in
      (select id from ${sql.table(table)} where ${where} limit ${CHUNK}) returning id`.execute(db);
    if (gone.rows.length < CHUNK) return;
  }
}
