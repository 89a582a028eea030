// One query layer for two engines. Everything that the hub stores goes through a `Database`: Kysely builds the SQL, and
// the few words in which SQLite and PostgreSQL differ are in `dialect.ts`.
import { Kysely } from 'kysely';
import { migrate } from './migrate.ts';
import { postgresDialect } from './postgres.ts';
import { sqliteDialect } from './sqlite.ts';
import type { Tables } from './tables.ts';

export type Engine = 'sqlite' | 'postgres';

export interface Database {
  readonly engine: Engine;
  /** Inside a transaction use the transaction, never this: SQLite has one connection that writes, and it is taken. */
  readonly db: Kysely<Tables>;
  /** Reads what is committed and waits for no writer. */
  readonly reader: Kysely<Tables>;
  close(): Promise<void>;
}

export interface StoreAddress {
  /** `postgres://user@host/database`, or a path of a SQLite file, also as `sqlite:PATH`. */
  readonly url: string;
  /** PostgreSQL: the password, when the URL does not hold it. */
  readonly password?: string | undefined;
}

const POSTGRES = /^postgres(ql)?:\/\//;

export function engineOf(url: string): Engine {
  return POSTGRES.test(url) ? 'postgres' : 'sqlite';
}

/**
 * Opens and migrates to the newest version. Several hubs may do so at once.
 * @throws HoldfastError StateUnavailable when it cannot be opened
 */
export async function openDatabase({ url, password }: StoreAddress): Promise<Database> {
  const engine = engineOf(url);
  const open = () => {
    const dialect = engine === 'postgres' ? postgresDialect(url, password) : sqliteDialect(url.replace(/^sqlite:/, ''));
    return new Kysely<Tables>({ dialect });
  };
  const db = open();
  try {
    await migrate(db, engine, url);
  } catch (error) {
    await db.destroy().catch(() => undefined);
    throw error;
  }
  if (engine === 'postgres') return { engine, db, reader: db, close: () => db.destroy() };
  // Opens its file when it is first asked.
  const reader = open();
  return { engine, db, reader, close: async () => void (await Promise.all([db.destroy(), reader.destroy()])) };
}
