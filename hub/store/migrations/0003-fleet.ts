// Columns that queries filter and sort by in place of one JSON text, and what a fleet of 100,000 needs beside them.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Engine } from '../database.ts';
import { autoId } from '../dialect.ts';
import { moveDevices } from './0003-move-devices.ts';

export const fleetOfHubs = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('devices').renameTo('devices_before').execute();
    await createDevices(db, engine);
    await createParts(db);
    await createHistory(db, engine);
    await sql`alter table events add column tx bigint not null default ${writer(engine)}`.execute(db);
    // One open interval for a difference, whatever happens; and the open ones are found without the closed.
    await sql`create unique index drift_open on drift (fleet, device, key) where closed is null`.execute(db);
    await db.schema.dropIndex('drift_device').execute();
    if (engine === 'postgres') {
      await sql`create index devices_tx on devices (tx)`.execute(db);
      await sql`create index events_tx on events (tx)`.execute(db);
    }
    await moveDevices(db);
    await db.schema.dropTable('devices_before').execute();
  },
});

/** PostgreSQL: the transaction that wrote the row, so that hubs can follow each other. */
function writer(engine: Engine) {
  return engine === 'postgres' ? sql.raw('pg_current_xact_id()::text::bigint') : sql.raw('0');
}

async function createDevices(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await sql`create table devices (fleet text not null, device text not null, rev bigint not null,
    tx bigint not null default ${writer(engine)},
    presence text not null, last_seen bigint not null, seen_at bigint not null, sync text not null, health text not null,
    reason text not null, message text not null, drift bigint not null, changes bigint not null,
    reconciling bigint not null, desired text, applied text, last_good text, signed_by text, agent_version text not null,
    labels text not null, apps text not null, instance text not null, former text not null, boot bigint not null,
    seq bigint not null, ts text not null, birth_last bigint not null, birth_before bigint not null,
    offline_ts bigint not null, clash_at bigint, trouble text, trouble_revision text, trouble_since bigint,
    parts text not null,
    constraint devices_key primary key (fleet, device))`.execute(db);
  await sql`create index devices_trouble on devices (trouble, trouble_revision) where trouble is not null`.execute(db);
  await db.schema
    .createTable('statuses')
    .addColumn('fleet', 'text', (column) => column.notNull())
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('statuses_key', ['fleet', 'device'])
    .execute();
}

async function createParts(db: Kysely<unknown>): Promise<void> {
  await sql`create table apps (fleet text not null, device text not null, app text not null, sync text not null,
    health text not null, revision text, quarantined bigint not null, primary key (fleet, device, app))`.execute(db);
  await sql`create table services (fleet text not null, device text not null, app text not null, service text not null,
    health text not null, image text not null, digest text, restarts bigint not null,
    primary key (fleet, device, app, service))`.execute(db);
  await sql`create table labels (fleet text not null, device text not null, "key" text not null, value text not null,
    primary key (fleet, device, "key"))`.execute(db);
}

async function createHistory(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await db.schema
    .createTable('troubles')
    .addColumn('id', ...autoId(engine))
    .addColumn('fleet', 'text', (column) => column.notNull())
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('revision', 'text')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('opened', 'bigint', (column) => column.notNull())
    .addColumn('closed', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('troubles_closed').on('troubles').columns(['closed']).execute();
  await sql`create table revisions (fleet text not null, revision text not null, first_seen bigint not null,
    committed bigint, primary key (fleet, revision))`.execute(db);
  await sql`create table rollouts (fleet text not null, revision text not null, device text not null,
    desired_at bigint not null, applied_at bigint, primary key (fleet, revision, device))`.execute(db);
  await sql`create table history (fleet text not null, at bigint not null, devices bigint not null,
    online bigint not null, synced bigint not null, degraded bigint not null, drift_devices bigint not null,
    drift_open bigint not null, primary key (fleet, at))`.execute(db);
  await sql`create table rejects (fleet text not null, device text not null, cause text not null, n bigint not null,
    first_at bigint not null, last_at bigint not null, primary key (fleet, device, cause))`.execute(db);
  await sql`create table leases (name text primary key, holder text not null, until bigint not null)`.execute(db);
}
