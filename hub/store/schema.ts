// The hub's tables, and how they came to be. A migration is never changed once it shipped; a new one is added.
import type { Generated, Kysely } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';

export interface Tables {
  devices: { fleet: string; device: string; entry: string; status: string | null };
  drift: {
    id: Generated<number>;
    fleet: string;
    device: string;
    key: string;
    resource: string;
    kind: string;
    field: string | null;
    app: string;
    service: string | null;
    /** JSON */
    desired: string;
    /** JSON */
    observed: string;
    revision: string | null;
    /** ISO 8601, the device's clock. */
    since: string;
    /** Milliseconds, the hub's clock. */
    opened: number;
    closed: number | null;
    /** What did it, as the device tells. */
    by: string | null;
  };
  events: {
    id: Generated<number>;
    fleet: string;
    device: string;
    origin: string | null;
    ts: string;
    /** Milliseconds, the hub's clock. */
    received: number;
    severity: string;
    reason: string;
    message: string;
    revision: string | null;
    resource: string | null;
  };
}

export async function migrate(db: Kysely<Tables>): Promise<void> {
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}

const first: Migration = {
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
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
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
      .addColumn('opened', 'integer', (column) => column.notNull())
      .addColumn('closed', 'integer')
      .execute();
    await db.schema.createIndex('drift_device').on('drift').columns(['fleet', 'device', 'key', 'closed']).execute();
    await db.schema.createIndex('drift_closed').on('drift').columns(['closed', 'since']).execute();
    await db.schema
      .createTable('events')
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('fleet', 'text', (column) => column.notNull())
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('origin', 'text')
      .addColumn('ts', 'text', (column) => column.notNull())
      .addColumn('received', 'integer', (column) => column.notNull())
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
};

const driftBy: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('drift').addColumn('by', 'text').execute();
  },
};

const provider: MigrationProvider = {
  getMigrations: async () => ({ '0001_first': first, '0002_drift_by': driftBy }),
};
