// Open drift of the whole fleet, counted where it lies: by field, service, app, revision or label.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { DriftGroup, DriftPage } from '../api/schemas.ts';
import { driftItem, readDrift } from './read.ts';
import type { Tables } from './tables.ts';

const GROUPS_MAX = 500;

/** What has no field (a missing or unexpected resource) is grouped under what it is. */
const KEYS: { readonly [G in DriftGroup]: RawBuilder<string> } = {
  field: sql`coalesce(drift.field, drift.kind)`,
  service: sql`case when drift.service is null then drift.resource else drift.app || '/' || drift.service end`,
  app: sql`drift.app`,
  revision: sql`coalesce(drift.revision, 'unknown')`,
  label: sql`labels."key" || '=' || labels.value`,
};

export async function readDriftPage(db: Kysely<Tables>, by: DriftGroup | undefined, limit: number): Promise<DriftPage> {
  const counted = await db
    .selectFrom('drift')
    .select(sql<number>`count(*)`.as('total'))
    .where('closed', 'is', null)
    .executeTakeFirst();
  const total = counted?.total ?? 0;
  if (by === undefined) return { items: [...(await readDrift(db, limit))], groups: [], total };
  return { items: [], groups: await readGroups(db, by), total };
}

async function readGroups(db: Kysely<Tables>, by: DriftGroup): Promise<DriftPage['groups']> {
  const labels =
    by === 'label' ? sql`join labels on labels.fleet = drift.fleet and labels.device = drift.device` : sql``;
  const { rows } = await sql<{ key: string; open: number; devices: number; since: string; sample: number }>`
    select ${KEYS[by]} as "key", count(*) as open, count(distinct drift.fleet || '/' || drift.device) as devices,
      min(drift.since) as since, min(drift.id) as sample
    from drift ${labels} where drift.closed is null
    group by 1 order by 3 desc, 2 desc, 1 limit ${GROUPS_MAX}`.execute(db);
  const ids = rows.map(({ sample }) => sample);
  const found = ids.length === 0 ? [] : await db.selectFrom('drift').selectAll().where('id', 'in', ids).execute();
  const samples = new Map(found.map((row) => [row.id, driftItem(row)[0]]));
  return rows.flatMap(({ sample: id, ...group }) => {
    const sample = samples.get(id);
    return sample === undefined ? [] : [{ ...group, sample }];
  });
}
