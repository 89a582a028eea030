// Devices, drift intervals, events.
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Engine } from '../database.ts';
import { autoId } from '../dialect.ts';

export const first = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('devices')
      .addColumn('fleet', 'text', (column) => column.notNull())
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('entry', 'text', (column) => column.notNull())
      .addColumn('status', 'text')
      .addPrimaryKeyConstraint('devices_pk', ['fleet', 'device'])
      .execute();
    await db.schema
      .createTable('drift')
      .addColumn('id', ...autoId(engine))
      .addColumn('fleet', 'text', (column) => column.notNull())
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('resource', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('field', 'text')
      .addColumn('app', 'text', (column) => column.notNull())
      .addColumn('service', 'text')
      .addColumn('desired', 'text', (column) => column.notNull())
      .addColumn('observed', 'text', (column) => column.notNull())
      .addColumn('revision', 'text')
      .addColumn('since', 'text', (column) => column.notNull())
      .addColumn('opened', 'bigint', (column) => column.notNull())
      .addColumn('closed', 'bigint')
      .execute();
    await db.schema.createIndex('drift_device').on('drift').columns(['fleet', 'device', 'key', 'closed']).execute();
    await db.schema.createIndex('drift_closed').on('drift').columns(['closed', 'since']).execute();
    await db.schema
      .createTable('events')
      .addColumn('id', ...autoId(engine))
      .addColumn('fleet', 'text', (column) => column.notNull())
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('origin', 'text')
      .addColumn('ts', 'text', (column) => column.notNull())
      .addColumn('received', 'bigint', (column) => column.notNull())
      .addColumn('severity', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('message', 'text', (column) => column.notNull())
      .addColumn('revision', 'text')
      .addColumn('resource', 'text')
      .addUniqueConstraint('events_origin', ['fleet', 'device', 'origin'])
      .execute();
    await db.schema.createIndex('events_device').on('events').columns(['device', 'id']).execute();
    await db.schema.createIndex('events_received').on('events').columns(['received']).execute();
  },
});
