// Kysely's SQLite dialect on Node's own SQLite: no native addon. Owns the file's durability settings.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { SqliteDialect } from 'kysely';
import { HoldfastError, messageOf } from '../../fleet/error.ts';

/** @throws HoldfastError StateUnavailable when the file cannot be opened */
export function sqliteDialect(path: string): SqliteDialect {
  const database = open(path);
  return new SqliteDialect({
    database: {
      close: () => database.close(),
      prepare(sql) {
        const statement = database.prepare(sql);
        const bound = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
        return {
          reader: statement.columns().length > 0,
          all: (parameters) => statement.all(...bound(parameters)),
          run: (parameters) => statement.run(...bound(parameters)),
          iterate: (parameters) => statement.iterate(...bound(parameters)),
        };
      },
    },
  });
}

function open(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path);
    // A commit is on the disk when it returns: what was acknowledged survives a power cut.
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 2000;');
    return database;
  } catch (error) {
    throw new HoldfastError(
      'StateUnavailable',
      `cannot open the store ${path}: ${messageOf(error)}; set store.path (or --db) to a file in a folder that this user may write`,
      { cause: error },
    );
  }
}
