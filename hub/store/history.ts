// The past of the fleet: a sample a minute, how long drift was open, and how long each revision took to be everywhere.
import { type Kysely, sql } from 'kysely';
import type { History, Rollout } from '../api/schemas.ts';
import type { FleetSample } from '../roster/fleet-sample.ts';
import { insertRows } from './dialect.ts';
import type { Tables } from './tables.ts';
import type { Writing } from './write.ts';

const MINUTE_MS = 60_000;

const SAMPLE = {
  fleet: 'text',
  at: 'bigint',
  devices: 'bigint',
  online: 'bigint',
  synced: 'bigint',
  degraded: 'bigint',
  drift_devices: 'bigint',
  drift_open: 'bigint',
} as const;

/** The first hub that samples a minute has sampled it. */
export async function addSamples(on: Writing, samples: readonly FleetSample[], now: number): Promise<void> {
  const at = now - (now % MINUTE_MS);
  await insertRows(
    on,
    'history',
    SAMPLE,
    samples.map((sample) => ({ ...sample, at })),
  );
}

export interface HistoryQuery {
  readonly fleet?: string | undefined;
  /** Hub clock, milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

export async function readHistory(db: Kysely<Tables>, { fleet, from, to, points }: HistoryQuery): Promise<History> {
  const step = Math.max(1, Math.ceil((to - from) / points / MINUTE_MS)) * MINUTE_MS;
  const one = fleet === undefined ? sql`` : sql`and fleet = ${fleet}`;
  const { rows } = await sql<Omit<History['points'][number], 'at'> & { readonly at: number }>`
    select at, sum(devices) as devices, sum(online) as online, sum(synced) as synced, sum(degraded) as degraded,
      sum(drift_devices) as drift_devices, sum(drift_open) as drift_open
    from (select fleet, at - at % cast(${step} as bigint) as at, round(avg(devices)) as devices,
        round(avg(online)) as online, round(avg(synced)) as synced, round(avg(degraded)) as degraded,
        round(avg(drift_devices)) as drift_devices, round(avg(drift_open)) as drift_open
      from history where at >= ${from} and at <= ${to} ${one} group by 1, 2) as buckets
    group by at order by at`.execute(db);
  const minutes = await driftMinutes(db, { fleet, from, to });
  return {
    step_s: step / 1000,
    drift_minutes: minutes,
    points: rows.map(({ at, ...point }) => ({ at: new Date(at).toISOString(), ...point })),
  };
}

/** Of every interval the part that lies within. */
async function driftMinutes(
  db: Kysely<Tables>,
  { fleet, from, to }: Pick<HistoryQuery, 'fleet' | 'from' | 'to'>,
): Promise<number> {
  const one = fleet === undefined ? sql`` : sql`and fleet = ${fleet}`;
  const ended = sql`case when closed is null or closed > ${to} then cast(${to} as bigint) else closed end`;
  const began = sql`case when opened < ${from} then cast(${from} as bigint) else opened end`;
  const { rows } = await sql<{ ms: number | null }>`select sum(${ended} - ${began}) as ms from drift
    where opened <= ${to} and (closed is null or closed >= ${from}) ${one}`.execute(db);
  return Math.round((rows[0]?.ms ?? 0) / MINUTE_MS);
}

interface RolloutRow {
  readonly fleet: string;
  readonly revision: string;
  readonly first_seen: number;
  readonly committed: number | null;
  readonly devices: number;
  readonly applied: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly last: number | null;
}

/** The newest revisions first; times from the commit, or from when the first device wanted it. */
export async function readRollouts(
  db: Kysely<Tables>,
  query: { readonly fleet?: string | undefined; readonly limit: number },
): Promise<readonly Rollout[]> {
  const one = query.fleet === undefined ? sql`` : sql`where fleet = ${query.fleet}`;
  const { rows } = await sql<RolloutRow>`
    with newest as (select * from revisions ${one} order by first_seen desc, revision limit ${query.limit}),
    placed as (
      select rollouts.*, row_number() over (partition by rollouts.fleet, rollouts.revision
          order by case when applied_at is null then 1 else 0 end, applied_at) as place,
        count(applied_at) over (partition by rollouts.fleet, rollouts.revision) as applied
      from rollouts join newest on newest.fleet = rollouts.fleet and newest.revision = rollouts.revision
    )
    select newest.fleet, newest.revision, newest.first_seen, newest.committed, count(*) as devices,
      count(applied_at) as applied, max(applied_at) as last,
      max(case when applied_at is not null and place = (applied * 50 + 99) / 100 then applied_at end) as p50,
      max(case when applied_at is not null and place = (applied * 95 + 99) / 100 then applied_at end) as p95
    from newest join placed on placed.fleet = newest.fleet and placed.revision = newest.revision
    group by newest.fleet, newest.revision, newest.first_seen, newest.committed
    order by newest.first_seen desc, newest.revision`.execute(db);
  return rows.map(({ fleet, revision, first_seen, committed, devices, applied, p50, p95, last }) => {
    const since = (at: number | null) =>
      at === null ? null : Math.max(0, Math.round((at - (committed ?? first_seen)) / 1000));
    return {
      ...{ fleet, revision, devices, applied, p50_s: since(p50), p95_s: since(p95) },
      last_s: since(last),
      first_seen: new Date(first_seen).toISOString(),
      committed: committed === null ? null : new Date(committed).toISOString(),
    };
  });
}
