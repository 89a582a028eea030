// What did a drift.
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const driftBy = (): Migration => ({
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('drift').addColumn('by', 'text').execute();
  },
});
