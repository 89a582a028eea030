// Brings a database to the newest version. A migration is never changed once it shipped; a new one is added, with the
// next number of its part: 0001–0009 what devices report, 0010–0019 access, 0020–0029 alerts.
import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import type { Engine } from './database.ts';
import { first } from './migrations/0001-first.ts';
import { driftBy } from './migrations/0002-drift-by.ts';
import { fleetOfHubs } from './migrations/0003-fleet.ts';
import { access } from './migrations/0010-access.ts';
import { alerts } from './migrations/0020-alerts.ts';
import type { Tables } from './tables.ts';

type EngineMigration = (engine: Engine) => Migration;

/** Run in the order of their names. */
const MIGRATIONS: Readonly<Record<string, EngineMigration>> = {
  '0001_first': first,
  '0002_drift_by': driftBy,
  '0003_fleet': fleetOfHubs,
  '0010_access': access,
  '0020_alerts': alerts,
};

/** @throws HoldfastError StateUnavailable with what to look at */
export async function migrate(db: Kysely<Tables>, engine: Engine, url: string): Promise<void> {
  const migrations = Object.fromEntries(Object.entries(MIGRATIONS).map(([name, make]) => [name, make(engine)]));
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    // Parts number their migrations apart, so one that ships later may come before one that ran.
    allowUnorderedMigrations: true,
  }).migrateToLatest();
  if (error === undefined) return;
  const where = url.replace(/\/\/[^@/]*@/, '//…@');
  throw new HoldfastError(
    'StateUnavailable',
    `cannot bring the store ${where} to this version: ${messageOf(error)}; check store.url, that the database exists and that its user may create tables`,
    { cause: error },
  );
}
