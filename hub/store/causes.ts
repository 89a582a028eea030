// What is wrong with the fleet, one line for each cause: the same reason, or the same drifted field, at the same revision.
import { type Kysely, sql } from 'kysely';
import type { Cause } from '../api/schemas.ts';
import type { Tables } from './tables.ts';

/** How long a device that got well is counted as recovered. */
const RECOVERED_MS = 60 * 60_000;

type Row = Omit<Cause, 'since' | 'sample' | 'recovered'> & {
  readonly since: number;
  readonly fleet: string;
  readonly device: string;
  readonly message: string;
};

/** Most affected first. @param now hub clock, milliseconds */
export async function readCauses(db: Kysely<Tables>, now: number, limit: number): Promise<readonly Cause[]> {
  // Drift tells more than a condition that says that there is drift.
  const { rows } = await sql<Row>`
    with wrong as (
      select 'condition' as kind, trouble as reason, trouble_revision as revision, null as app, fleet, device, reconciling,
        trouble_since as since, message
      from devices where trouble is not null and trouble <> 'DriftDetected'
      union all
      select 'drift', coalesce(drift.field, drift.kind), drift.revision, drift.app, drift.fleet, drift.device,
        devices.reconciling, drift.opened, drift.resource
      from drift join devices on devices.fleet = drift.fleet and devices.device = drift.device
      where drift.closed is null
    ), placed as (
      select *, row_number() over (partition by kind, reason, revision, app order by since, fleet, device) as place
      from wrong
    )
    select kind, reason, revision, app, count(distinct fleet || '/' || device) as affected,
      count(distinct case when reconciling = 1 then fleet || '/' || device end) as recovering, min(since) as since,
      min(case when place = 1 then fleet end) as fleet, min(case when place = 1 then device end) as device,
      min(case when place = 1 then message end) as message
    from placed group by kind, reason, revision, app
    order by affected desc, since, kind, reason limit ${limit}`.execute(db);
  const recovered = await readRecovered(db, now - RECOVERED_MS);
  return rows.map(({ since, fleet, device, message, ...cause }) => ({
    ...cause,
    recovered: recovered.get(keyOf(cause)) ?? 0,
    since: new Date(since).toISOString(),
    sample: { fleet, device, message },
  }));
}

async function readRecovered(db: Kysely<Tables>, from: number): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<Pick<Cause, 'kind' | 'reason' | 'revision' | 'app'> & { readonly n: number }>`
    select 'condition' as kind, reason, revision, null as app, count(distinct fleet || '/' || device) as n
      from troubles where closed >= ${from} group by 2, 3
    union all
    select 'drift', coalesce(field, kind), revision, app, count(distinct fleet || '/' || device)
      from drift where closed >= ${from} group by 2, 3, 4`.execute(db);
  return new Map(rows.map((row) => [keyOf(row), row.n]));
}

function keyOf({ kind, reason, revision, app }: Pick<Cause, 'kind' | 'reason' | 'revision' | 'app'>): string {
  return JSON.stringify([kind, reason, revision, app]);
}
