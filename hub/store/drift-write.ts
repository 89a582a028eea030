// Drift intervals: closed, changed and opened, in this order, which is the order of one status.
import { sql } from 'kysely';
import { insertRows, rowsOf } from './dialect.ts';
import { DRIFT_COLUMNS } from './drift-row.ts';
import type { DriftWave } from './gather.ts';
import type { Writing } from './write.ts';

const KEY_COLUMNS = { fleet: 'text', device: 'text', key: 'text' } as const;

export async function writeDrift(on: Writing, wave: DriftWave, now: number): Promise<void> {
  const { db, engine } = on;
  if (wave.close.length > 0) {
    await sql`update drift set closed = cast(${now} as bigint) from ${rowsOf(engine, KEY_COLUMNS, wave.close)} as given
      where drift.fleet = given.fleet and drift.device = given.device and drift."key" = given."key"
        and drift.closed is null`.execute(db);
  }
  if (wave.change.length > 0) {
    await sql`update drift set desired = given.desired, observed = given.observed, revision = given.revision,
        since = given.since, "by" = given."by" from ${rowsOf(engine, DRIFT_COLUMNS, wave.change)} as given
      where drift.fleet = given.fleet and drift.device = given.device and drift."key" = given."key"
        and drift.closed is null`.execute(db);
  }
  const opened = wave.open.map((row) => ({ ...row, opened: now }));
  await insertRows(on, 'drift', { ...DRIFT_COLUMNS, opened: 'bigint' } as const, opened);
}
