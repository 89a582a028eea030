// What fires, who was told of it, and what is kept quiet.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Engine } from '../database.ts';
import { autoId } from '../dialect.ts';

export const alerts = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
    const [type, id] = autoId(engine);
    await db.schema
      .createTable('alerts')
      .addColumn('id', type, id)
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('rule', 'text', (column) => column.notNull())
      .addColumn('severity', 'text', (column) => column.notNull())
      .addColumn('fleet', 'text', (column) => column.notNull())
      .addColumn('since', 'bigint', (column) => column.notNull())
      .addColumn('resolved', 'bigint')
      .addColumn('changed', 'bigint', (column) => column.notNull())
      .addColumn('alert', 'text', (column) => column.notNull())
      .execute();
    // One alert for a cause, whichever hubs look at once.
    await sql`create unique index alerts_firing on alerts ("key") where resolved is null`.execute(db);
    await db.schema.createIndex('alerts_resolved').on('alerts').columns(['resolved']).execute();
    await db.schema
      .createTable('alert_told')
      .addColumn('alert', 'bigint', (column) => column.notNull())
      .addColumn('receiver', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('joined', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('alert_told_pk', ['alert', 'receiver'])
      .execute();
    await db.schema
      .createTable('alert_receivers')
      .addColumn('receiver', 'text', (column) => column.primaryKey())
      .addColumn('failures', 'bigint', (column) => column.notNull())
      .addColumn('retry_at', 'bigint', (column) => column.notNull())
      .addColumn('error', 'text')
      .addColumn('ok_at', 'bigint')
      .execute();
    await db.schema
      .createTable('silences')
      .addColumn('id', type, id)
      .addColumn('matchers', 'text', (column) => column.notNull())
      .addColumn('starts', 'bigint', (column) => column.notNull())
      .addColumn('ends', 'bigint', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .execute();
    // Drift that has been open for long is found without a look at all that is open.
    await sql`create index drift_opened on drift (opened) where closed is null`.execute(db);
  },
});
